#pragma once

#include "image/context.hpp"
#include "machine/console.hpp"
#include "machine/options.hpp"

namespace holdfast::bench {

/// How long a machine may take to boot.
inline constexpr std::chrono::seconds boot_limit{240};

/// What a machine is made of that boots a copy of `image`, 4 GiB large, in `folder`, which is made
/// anew.
Result<machine::Options> machine_options(image::Context& context,
                                         const std::filesystem::path& image,
                                         const std::filesystem::path& folder);

/// What a command in the root shell on the console prints. Errors: `io` when it ends with another
/// status than 0; `timeout`.
Result<std::string> ask_shell(machine::Console& console, const std::string& command,
                              std::chrono::seconds limit = std::chrono::seconds{60});

} // namespace holdfast::bench
