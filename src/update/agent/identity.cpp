#include "update/agent/identity.hpp"

#include "base/text.hpp"

namespace holdfast::update {

namespace {

#if defined(__x86_64__)
constexpr std::string_view this_architecture = "x86_64";
#elif defined(__aarch64__)
constexpr std::string_view this_architecture = "aarch64";
#endif

Result<std::string> variable(const std::vector<std::string>& lines, std::string_view name)
{
    for (const auto& line : lines) {
        if (line.starts_with(std::string(name) + "=")) {
            std::string_view value = trimmed(std::string_view(line).substr(name.size() + 1));
            if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
                value = value.substr(1, value.size() - 2);
            }
            return std::string(value);
        }
    }
    return fail(Errc::internal, "os-release has no {}", name);
}

} // namespace

Result<ImageIdentity> parse_identity(std::string_view os_release)
{
    const auto lines = split(os_release, '\n');
    ImageIdentity identity{.arch = std::string(this_architecture)};
    TRY_ASSIGN(identity.variant, variable(lines, "VARIANT_ID"));
    TRY_ASSIGN(identity.version, variable(lines, "VERSION_ID"));
    return identity;
}

Result<ImageIdentity> read_identity(io::Files& files)
{
    TRY_ASSIGN(const auto text, files.read("/etc/os-release", 64U << 10));
    return parse_identity(text);
}

} // namespace holdfast::update
