#pragma once

#include "image/boot_files.hpp"

namespace holdfast::image {

/// The files that fill set A and the EFI partitions.
struct DiskContent {
    std::filesystem::path boot_manager;
    std::filesystem::path uki;
    std::filesystem::path root;
    std::filesystem::path hash;
};

/// Refuses payloads that do not fit their partitions, and names those past 70 % of one, where
/// growth will soon end (DESIGN §4). Errors: `invalid` with the sizes.
Result<std::vector<std::string>> check_sizes(const Variant& variant, const DiskContent& content);

/// Writes the GPT disk image of DESIGN §4: both EFI copies and set A filled, set B empty, PRIVATE
/// an empty ext4. DATA is made on the machine. The file is sparse and appears whole or not at all.
Result<void> make_disk(Context& context, const Variant& variant, const Release& release,
                       const DiskContent& content, const std::filesystem::path& work,
                       const std::filesystem::path& image);

} // namespace holdfast::image
