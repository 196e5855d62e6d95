#pragma once

#include "boot/initrd/fault.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace holdfast::initrd {

/// What the kernel command line inside the signed UKI asks for.
struct BootRequest {
    FixedText<64> root_hash; ///< SHA-256 of the top of the verity tree, lower-case hexadecimal.
    std::uint64_t data_blocks = 0;
    FixedText<512> salt; ///< Hexadecimal, an even number of digits; empty for no salt.
    /// 'a' or 'b' from `holdfast.set=`; used only where the boot manager left no word.
    std::optional<char> set;
};

/// Reads /proc/cmdline. Words of others are skipped. One of ours that is malformed, missing or
/// there twice is a fault: with two root hashes, nobody could say which one was signed.
Result<BootRequest> parse_command_line(std::string_view text);

/// The digits of a decimal number and nothing else.
std::optional<std::uint64_t> parse_number(std::string_view text);

} // namespace holdfast::initrd
