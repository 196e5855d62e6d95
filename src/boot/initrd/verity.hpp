#pragma once

#include "boot/initrd/command_line.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace holdfast::initrd {

inline constexpr std::size_t verity_block_size = 4096;

/// Compares the superblock at the start of the hash partition with the command line. It decides
/// nothing about trust, the root hash does that; it tells "this UKI belongs to another root" apart
/// from "this root is damaged" before the first block is read.
Result<void> check_superblock(std::span<const std::byte> block, const BootRequest& request);

/// Parameters of the device-mapper target "verity", version 1.
using VerityTable = FixedText<1024>;
/// `root` and `hash` are device nodes.
Result<VerityTable> verity_table(std::string_view root, std::string_view hash,
                                 const BootRequest& request);

/// The length of the mapped device in 512-byte sectors.
std::uint64_t verity_sectors(const BootRequest& request);

} // namespace holdfast::initrd
