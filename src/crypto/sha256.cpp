#include "crypto/sha256.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <openssl/evp.h>
#include <vector>

namespace holdfast::crypto {

Sha256 Sha256Stream::finish()
{
    Sha256::Bytes bytes{};
    stream_.finish(bytes);
    return Sha256(bytes);
}

struct SaltedSha256::State {
    EVP_MD_CTX* salted = EVP_MD_CTX_new();
    EVP_MD_CTX* work = EVP_MD_CTX_new();
    ~State()
    {
        EVP_MD_CTX_free(work);
        EVP_MD_CTX_free(salted);
    }
};

SaltedSha256::SaltedSha256(std::span<const std::byte> salt) : state_(std::make_unique<State>())
{
    check(EVP_DigestInit_ex(state_->salted, EVP_sha256(), nullptr) == 1 &&
              EVP_DigestUpdate(state_->salted, salt.data(), salt.size()) == 1,
          "SHA-256 is available");
}

SaltedSha256::~SaltedSha256() = default;
SaltedSha256::SaltedSha256(SaltedSha256&&) noexcept = default;
SaltedSha256& SaltedSha256::operator=(SaltedSha256&&) noexcept = default;

Sha256 SaltedSha256::digest(std::span<const std::byte> bytes)
{
    Sha256::Bytes digest{};
    check(EVP_MD_CTX_copy_ex(state_->work, state_->salted) == 1 &&
              EVP_DigestUpdate(state_->work, bytes.data(), bytes.size()) == 1 &&
              EVP_DigestFinal_ex(state_->work, reinterpret_cast<unsigned char*>(digest.data()),
                                 nullptr) == 1,
          "SHA-256 ends");
    return Sha256(digest);
}

Result<Sha256> Sha256::parse(std::string_view hex)
{
    TRY_ASSIGN(const auto decoded, from_hex(hex));
    Bytes bytes{};
    if (decoded.size() != bytes.size()) {
        return fail(Errc::invalid, "a SHA-256 digest has 64 hexadecimal digits, not {}",
                    hex.size());
    }
    std::ranges::copy(decoded, bytes.begin());
    return Sha256(bytes);
}

std::string Sha256::hex() const
{
    return to_hex(bytes_);
}

Sha256 sha256(std::string_view bytes)
{
    Sha256Stream stream;
    stream.update(bytes);
    return stream.finish();
}

Result<Sha256> sha256_of_file(const std::filesystem::path& path)
{
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rbe"),
                                                               std::fclose);
    if (file == nullptr) {
        return fail_errno(std::format("opening {}", path.native()), errno);
    }
    Sha256Stream stream;
    std::vector<std::byte> buffer(256U << 10);
    for (;;) {
        const auto count = std::fread(buffer.data(), 1, buffer.size(), file.get());
        stream.update(std::span(buffer).first(count));
        if (count < buffer.size()) {
            break;
        }
    }
    if (std::ferror(file.get()) != 0) {
        return fail(Errc::io, "reading {}", path.native());
    }
    return stream.finish();
}

} // namespace holdfast::crypto
