#pragma once

#include "io/files.hpp"
#include "io/processes.hpp"
#include "machine/options.hpp"

#include <filesystem>

namespace holdfast::machine {

/// Certificates in PEM for the firmware's key slots (UEFI §32.3).
struct SecureBootKeys {
    std::filesystem::path platform_key;
    std::filesystem::path key_exchange_key;
    std::filesystem::path signature_database;
};

/// Writes a variables template with these keys enrolled and Secure Boot on to `variables`, and
/// gives the firmware that enforces it.
Result<Firmware> secure_boot_firmware(io::Processes& processes, const SecureBootKeys& keys,
                                      const std::filesystem::path& variables);

} // namespace holdfast::machine
