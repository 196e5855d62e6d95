#include "crypto/digest.hpp"

#include "base/text.hpp"

#include <array>
#include <openssl/evp.h>

namespace holdfast::crypto {

std::optional<DigestAlgorithm> digest_algorithm(std::string_view name)
{
    if (name == "sha256") {
        return DigestAlgorithm::sha256;
    }
    if (name == "sha512") {
        return DigestAlgorithm::sha512;
    }
    return std::nullopt;
}

struct DigestStream::State {
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    ~State() { EVP_MD_CTX_free(context); }
};

DigestStream::DigestStream(DigestAlgorithm algorithm) : state_(std::make_unique<State>())
{
    const auto* digest = algorithm == DigestAlgorithm::sha256 ? EVP_sha256() : EVP_sha512();
    check(EVP_DigestInit_ex(state_->context, digest, nullptr) == 1, "SHA-2 is available");
}

DigestStream::~DigestStream() = default;
DigestStream::DigestStream(DigestStream&&) noexcept = default;
DigestStream& DigestStream::operator=(DigestStream&&) noexcept = default;

void DigestStream::update(std::span<const std::byte> bytes)
{
    check(EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) == 1, "SHA-2 goes on");
}

std::size_t DigestStream::finish(std::span<std::byte> digest)
{
    unsigned size = 0;
    check(digest.size() >= static_cast<std::size_t>(EVP_MD_CTX_get_size(state_->context)) &&
              EVP_DigestFinal_ex(state_->context, reinterpret_cast<unsigned char*>(digest.data()),
                                 &size) == 1,
          "SHA-2 ends");
    return size;
}

std::string DigestStream::finish_hex()
{
    std::array<std::byte, EVP_MAX_MD_SIZE> digest{};
    const auto size = finish(digest);
    return to_hex(std::span(digest).first(size));
}

std::string digest_hex(DigestAlgorithm algorithm, std::string_view bytes)
{
    DigestStream stream(algorithm);
    stream.update(bytes);
    return stream.finish_hex();
}

} // namespace holdfast::crypto
