#pragma once

#include "io/files.hpp"
#include "io/processes.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast::machine {

/// Who executes the guest's instructions.
enum class Accelerator {
    kvm, ///< The processor. Fast; not everywhere.
    tcg, ///< QEMU's translator. Works everywhere, about ten times slower.
};

std::string_view name(Accelerator accelerator);
/// The value of QEMU's -accel.
std::string qemu_option(Accelerator accelerator);

/// Says which accelerator works here.
///
/// `wish` is the user's own choice ("kvm" or "tcg", from HOLDFAST_ACCEL) and wins unasked. Without
/// it, a /dev/kvm is not believed until it has run `probe_boot_sector` to its end within five
/// seconds: nested and filtered KVMs open fine and then die at some instruction. The answer is kept
/// in `cache_directory` until the kernel or QEMU changes, so only the first call blocks.
///
/// Errors: `invalid` for an unknown wish; `not_found` when QEMU is not installed. A cache that
/// cannot be written is no error.
Result<Accelerator> choose_accelerator(io::Files& files, io::Processes& processes,
                                       const std::optional<std::string>& wish,
                                       const std::filesystem::path& cache_directory);

} // namespace holdfast::machine
