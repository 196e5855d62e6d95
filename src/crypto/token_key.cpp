#include "crypto/signing_key.hpp"

#include <openssl/err.h>
#include <openssl/provider.h>
#include <openssl/store.h>

namespace holdfast::crypto {

namespace {

struct CloseStore {
    void operator()(OSSL_STORE_CTX* store) const { OSSL_STORE_close(store); }
};
struct FreeInfo {
    void operator()(OSSL_STORE_INFO* info) const { OSSL_STORE_INFO_free(info); }
};

bool load_providers()
{
    // Loading any provider by hand switches off the implicit default one.
    static const bool is_loaded = OSSL_PROVIDER_load(nullptr, "default") != nullptr &&
                                  OSSL_PROVIDER_load(nullptr, "pkcs11") != nullptr;
    return is_loaded;
}

} // namespace

Result<PrivateKey> PrivateKey::from_token(const std::string& uri)
{
    if (!load_providers()) {
        ERR_clear_error();
        return fail(Errc::unsupported, "OpenSSL's provider pkcs11 cannot be loaded");
    }
    const std::unique_ptr<OSSL_STORE_CTX, CloseStore> store(
        OSSL_STORE_open(uri.c_str(), nullptr, nullptr, nullptr, nullptr));
    KeyHandle handle;
    while (store != nullptr && handle == nullptr && OSSL_STORE_eof(store.get()) == 0) {
        const std::unique_ptr<OSSL_STORE_INFO, FreeInfo> info(OSSL_STORE_load(store.get()));
        if (info == nullptr) {
            break;
        }
        handle.reset(OSSL_STORE_INFO_get1_PKEY(info.get()));
    }
    ERR_clear_error();
    if (handle == nullptr) {
        return fail(Errc::not_found, "no private key at {}", uri.substr(0, uri.find('?')));
    }
    return from_handle(std::move(handle));
}

} // namespace holdfast::crypto
