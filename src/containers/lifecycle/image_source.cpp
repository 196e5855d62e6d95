#include "containers/lifecycle/image_source.hpp"

#include <algorithm>
#include <cctype>

namespace holdfast::containers {

namespace {

// The grammar is that of the OCI distribution specification and of Docker's references.
constexpr std::size_t longest_name = 255;
constexpr std::size_t longest_tag = 128;

bool is_lower_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool is_alphanumeric(char c)
{
    return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z');
}

bool is_port(std::string_view text)
{
    return !text.empty() && text.size() <= 5 &&
           std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

bool is_dns_name(std::string_view text)
{
    const auto fits = [](char c) { return is_alphanumeric(c) || c == '-' || c == '.'; };
    return !text.empty() && std::ranges::all_of(text, fits) && is_alphanumeric(text.front()) &&
           is_alphanumeric(text.back()) && text.find("..") == std::string_view::npos;
}

bool is_bracketed_address(std::string_view text)
{
    const auto fits = [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') ||
               c == ':';
    };
    return text.size() > 2 && text.front() == '[' && text.back() == ']' &&
           std::ranges::all_of(text.substr(1, text.size() - 2), fits);
}

bool is_registry(std::string_view text)
{
    const auto colon = text.rfind(':');
    const auto bracket = text.rfind(']');
    const bool has_port =
        colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
    const auto host = has_port ? text.substr(0, colon) : text;
    return (is_dns_name(host) || is_bracketed_address(host)) &&
           (!has_port || is_port(text.substr(colon + 1)));
}

/// Letters and digits, joined by one ".", one or two "_", or any number of "-".
bool is_path_component(std::string_view text)
{
    if (text.empty() || !is_lower_or_digit(text.front()) || !is_lower_or_digit(text.back())) {
        return false;
    }
    for (std::size_t i = 0; i < text.size();) {
        const char c = text[i];
        const auto end = std::min(text.find_first_not_of(c, i), text.size());
        const auto count = end - i;
        if (!is_lower_or_digit(c) &&
            !(c == '-' || (c == '.' && count == 1) || (c == '_' && count <= 2))) {
            return false;
        }
        // Two different joiners side by side are none.
        if (!is_lower_or_digit(c) && !is_lower_or_digit(text[end])) {
            return false;
        }
        i = is_lower_or_digit(c) ? i + 1 : end;
    }
    return true;
}

bool is_repository(std::string_view text)
{
    while (true) {
        const auto slash = text.find('/');
        if (!is_path_component(text.substr(0, slash))) {
            return false;
        }
        if (slash == std::string_view::npos) {
            return true;
        }
        text.remove_prefix(slash + 1);
    }
}

bool is_tag(std::string_view text)
{
    const auto fits = [](char c) { return is_alphanumeric(c) || c == '_' || c == '.' || c == '-'; };
    return !text.empty() && text.size() <= longest_tag && std::ranges::all_of(text, fits) &&
           text.front() != '.' && text.front() != '-';
}

bool is_digest(std::string_view text)
{
    constexpr std::string_view algorithm = "sha256:";
    const auto fits = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
    return text.size() == algorithm.size() + 64 && text.starts_with(algorithm) &&
           std::ranges::all_of(text.substr(algorithm.size()), fits);
}

Failure<Error> bad(std::string_view text, std::string_view expected)
{
    return fail(Errc::invalid, "image source \"{}\": {}", text, expected);
}

Result<ArchiveImage> parse_archive(std::string_view text)
{
    constexpr std::string_view scheme = "file://";
    const std::filesystem::path path(text.starts_with(scheme) ? text.substr(scheme.size()) : "");
    const bool printable =
        std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f; });
    if (!printable || !path.is_absolute() || path != path.lexically_normal() ||
        !path.has_filename()) {
        return bad(text, "expected file:///path/to/archive.tar");
    }
    return ArchiveImage{path};
}

} // namespace

Result<RegistryImage> RegistryImage::parse(std::string_view text)
{
    auto rest = text;
    std::string version;
    if (const auto at = rest.find('@'); at != std::string_view::npos) {
        if (!is_digest(rest.substr(at + 1))) {
            return bad(text, "expected a digest sha256:<64 hexadecimal digits> after the @");
        }
        version = rest.substr(at);
        rest = rest.substr(0, at);
    }
    // A colon after the last slash belongs to the tag, one before it to a port.
    const auto last_slash = rest.rfind('/');
    if (const auto colon = rest.rfind(':');
        colon != std::string_view::npos &&
        (last_slash == std::string_view::npos || colon > last_slash)) {
        if (!is_tag(rest.substr(colon + 1))) {
            return bad(text, "expected a tag of letters, digits, \".\", \"_\" and \"-\"");
        }
        version = std::string(rest.substr(colon)) + version;
        rest = rest.substr(0, colon);
    }
    if (version.empty()) {
        version = ":latest";
    }

    const auto slash = rest.find('/');
    const auto first = rest.substr(0, slash);
    const bool names_registry = slash != std::string_view::npos &&
                                (first == "localhost" || first.contains('.') ||
                                 first.contains(':'));
    std::string registry = names_registry ? std::string(first) : "docker.io";
    std::string repository(names_registry ? rest.substr(slash + 1) : rest);
    if (registry == "docker.io" && !repository.contains('/')) {
        repository = "library/" + repository;
    }
    if (!is_registry(registry)) {
        return bad(text, "expected a registry as host or host:port");
    }
    if (!is_repository(repository) || registry.size() + 1 + repository.size() > longest_name) {
        return bad(text, "expected registry/repository:tag with a repository in lower case");
    }
    return RegistryImage(std::move(registry), std::move(repository), std::move(version));
}

Result<ImageSource> parse_image_source(std::string_view text)
{
    if (text.starts_with("file:")) {
        TRY_ASSIGN(auto archive, parse_archive(text));
        return ImageSource(std::move(archive));
    }
    TRY_ASSIGN(auto image, RegistryImage::parse(text));
    return ImageSource(std::move(image));
}

} // namespace holdfast::containers
