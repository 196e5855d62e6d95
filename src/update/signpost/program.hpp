#pragma once

#include "io/block_device.hpp"
#include "io/files.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace holdfast::update {

enum class DiskUse {
    look,
    change, ///< Nobody else who changes the table may have the disk open.
};

/// Opens a disk by its device. Errors: `locked`, and those of open(2).
using OpenDisk = std::function<Result<std::unique_ptr<io::BlockDevice>>(
    const std::filesystem::path& device, DiskUse use)>;

/// The program `signpost`: one subcommand, no options. Gives the text for standard output.
/// Errors: `invalid` for misuse, with a text that shows the usage; those of `Signpost`.
Result<std::string> run_signpost(const std::vector<std::string>& arguments, io::Files& files,
                                 const OpenDisk& open_disk);

} // namespace holdfast::update
