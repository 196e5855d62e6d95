#include "base/os_release.hpp"

#include "base/text.hpp"

namespace holdfast {

std::string_view running_architecture()
{
#if defined(__x86_64__)
    return "x86_64";
#elif defined(__aarch64__)
    return "aarch64";
#endif
}

OsRelease OsRelease::parse(std::string_view text)
{
    OsRelease release;
    for (const auto& line : split(text, '\n')) {
        const auto content = trimmed(line);
        const auto equals = content.find('=');
        if (content.starts_with('#') || equals == std::string_view::npos) {
            continue;
        }
        auto value = content.substr(equals + 1);
        value.remove_prefix(value.starts_with('"') ? 1 : 0);
        value.remove_suffix(value.ends_with('"') ? 1 : 0);
        release.values_.insert_or_assign(std::string(content.substr(0, equals)),
                                         std::string(value));
    }
    return release;
}

Result<std::string> OsRelease::value(std::string_view variable) const
{
    const auto found = values_.find(variable);
    if (found == values_.end()) {
        return fail(Errc::internal, "os-release has no {}", variable);
    }
    return found->second;
}

} // namespace holdfast
