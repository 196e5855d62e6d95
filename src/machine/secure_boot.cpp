#include "machine/secure_boot.hpp"

#include <string>

namespace holdfast::machine {

namespace {

/// Who owns the enrolled keys, as each signature list has to say. Random, of no further meaning.
constexpr auto owner = "5f0c2a3e-8f6b-4c57-9a1d-6d3f2b7e4c10";

} // namespace

Result<Firmware> secure_boot_firmware(io::Processes& processes, const SecureBootKeys& keys,
                                      const std::filesystem::path& variables)
{
    const Firmware plain;
    io::Command command{.arguments = {"virt-fw-vars", "--input", plain.variables.native(),
                                      "--output", variables.native(), "--set-pk", owner,
                                      keys.platform_key.native(), "--add-kek", owner,
                                      keys.key_exchange_key.native(), "--add-db", owner,
                                      keys.signature_database.native(), "--secure-boot"},
                        .input = {},
                        .environment = {},
                        .time_limit = std::chrono::seconds{30}};
    TRY(io::run_checked(processes, command).while_("enrolling Secure Boot keys"));
    return Firmware{.secure_boot = Firmware::SecureBoot::yes,
                    .code = "/usr/share/OVMF/OVMF_CODE_4M.secboot.fd",
                    .variables = variables};
}

} // namespace holdfast::machine
