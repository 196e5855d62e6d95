#pragma once

#include "io/files.hpp"
#include "io/processes.hpp"

#include <filesystem>
#include <string_view>

namespace holdfast::machine {

/// The fw_cfg name under which a guest looks for settings.
inline constexpr std::string_view user_data_config = "opt/holdfast/user-data";

/// Makes an ISO 9660 image at `image` with one file, `user-data`.
Result<void> make_user_data_cd(io::Files& files, io::Processes& processes,
                               std::string_view user_data, const std::filesystem::path& image);

} // namespace holdfast::machine
