#include "services/early_boot_config/providers.hpp"

#include "user_data/user_data.hpp"

namespace holdfast::early_boot_config {

std::vector<Provider> providers()
{
    return {{"10-local-defaults", "/local/user-data-defaults.toml"},
            {"20-local-user-data", "/var/lib/bottlerocket/user-data.toml"},
            {"30-cd-rom", "/media/cdrom/user-data"},
            {"35-qemu-fw-cfg", "/sys/firmware/qemu_fw_cfg/by_name/opt/holdfast/user-data/raw"},
            {"99-local-overrides", "/local/user-data-overrides.toml"}};
}

Result<std::optional<std::string>> fetch(const Provider& provider, io::Files& files)
{
    auto bytes = files.read(provider.path, user_data::largest);
    if (bytes.has_value()) {
        return *std::move(bytes);
    }
    if (bytes.error().code() == Errc::not_found) {
        return std::nullopt;
    }
    return Failure{std::move(bytes).error()};
}

} // namespace holdfast::early_boot_config
