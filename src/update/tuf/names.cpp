#include "update/tuf/names.hpp"

#include "base/text.hpp"
#include "crypto/digest.hpp"

namespace holdfast::tuf {

namespace {

Result<std::string> digest_for_name(const Target& target)
{
    for (const auto& [algorithm, digest] : target.hashes) {
        // The digest becomes part of a URL, so it must be one.
        if (crypto::digest_algorithm(algorithm) && from_hex(digest).has_value()) {
            return digest;
        }
    }
    return fail(Errc::unsupported, "the target {} has no hash that we know", target.name);
}

} // namespace

std::string file_url(const std::filesystem::path& path)
{
    auto parts = split(path.native(), '/');
    for (auto& part : parts) {
        part = percent_encoded(part);
    }
    return "file://" + join(parts, "/");
}

std::string cached_name(std::string_view role)
{
    return percent_encoded(role) + ".json";
}

std::string published_name(std::string_view role, std::optional<Version> version)
{
    return (version ? std::format("{}.", *version) : "") + cached_name(role);
}

Result<std::string> published_target(const Target& target, bool consistent_snapshot)
{
    auto parts = split(target.name, '/');
    for (auto& part : parts) {
        if (part.empty() || part == "." || part == "..") {
            return fail(Errc::invalid, "\"{}\" is not the name of a target", target.name);
        }
        part = percent_encoded(part);
    }
    if (consistent_snapshot) {
        TRY_ASSIGN(const auto digest, digest_for_name(target));
        parts.back() = digest + "." + parts.back();
    }
    return join(parts, "/");
}

std::string join_url(std::string_view base, std::string_view name)
{
    while (base.ends_with('/')) {
        base.remove_suffix(1);
    }
    return std::format("{}/{}", base, name);
}

} // namespace holdfast::tuf
