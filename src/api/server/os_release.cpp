#include "api/server/os_release.hpp"

#include "base/os_release.hpp"

namespace holdfast::api {

Result<Json> os_object(std::string_view os_release, std::string_view architecture)
{
    constexpr std::pair<const char*, const char*> fields[] = {{"pretty_name", "PRETTY_NAME"},
                                                              {"variant_id", "VARIANT_ID"},
                                                              {"version_id", "VERSION_ID"},
                                                              {"build_id", "BUILD_ID"}};
    const auto release = OsRelease::parse(os_release);
    Json os = {{"arch", architecture}};
    for (const auto& [field, variable] : fields) {
        TRY_ASSIGN(os[field], release.value(variable));
    }
    return os;
}

Result<Json> read_os_object(io::Files& files, const std::filesystem::path& os_release)
{
    auto text = files.read(os_release, 64U << 10);
    if (!text.has_value()) {
        return fail(Errc::internal, "{}", text.error().message());
    }
    return os_object(*text, running_architecture());
}

} // namespace holdfast::api
