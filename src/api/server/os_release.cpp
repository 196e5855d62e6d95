#include "api/server/os_release.hpp"

#include "base/text.hpp"

#include <map>

namespace holdfast::api {

namespace {

#if defined(__x86_64__)
constexpr std::string_view this_architecture = "x86_64";
#elif defined(__aarch64__)
constexpr std::string_view this_architecture = "aarch64";
#endif

std::map<std::string, std::string> variables(std::string_view text)
{
    std::map<std::string, std::string> found;
    for (const auto& line : split(text, '\n')) {
        const auto content = trimmed(line);
        const auto equals = content.find('=');
        if (content.starts_with('#') || equals == std::string_view::npos) {
            continue;
        }
        auto value = content.substr(equals + 1);
        value.remove_prefix(value.starts_with('"') ? 1 : 0);
        value.remove_suffix(value.ends_with('"') ? 1 : 0);
        found.insert_or_assign(std::string(content.substr(0, equals)), std::string(value));
    }
    return found;
}

} // namespace

Result<Json> os_object(std::string_view os_release, std::string_view architecture)
{
    constexpr std::pair<const char*, const char*> fields[] = {{"pretty_name", "PRETTY_NAME"},
                                                              {"variant_id", "VARIANT_ID"},
                                                              {"version_id", "VERSION_ID"},
                                                              {"build_id", "BUILD_ID"}};
    const auto found = variables(os_release);
    Json os = {{"arch", architecture}};
    for (const auto& [field, variable] : fields) {
        const auto value = found.find(variable);
        if (value == found.end()) {
            return fail(Errc::internal, "os-release has no {}", variable);
        }
        os[field] = value->second;
    }
    return os;
}

Result<Json> read_os_object(io::Files& files, const std::filesystem::path& os_release)
{
    auto text = files.read(os_release, 64U << 10);
    if (!text.has_value()) {
        return fail(Errc::internal, "{}", text.error().message());
    }
    return os_object(*text, this_architecture);
}

} // namespace holdfast::api
