#pragma once

#include "io/posix/run_program.hpp"

#include <filesystem>
#include <map>
#include <string>

namespace holdfast::machine {

/// Builds a variant where needed and gives its disk image.
using ImageMaker = Result<std::filesystem::path> (*)(io::System& system,
                                                     const std::string& variant);

/// A path that the user typed, as it is reached inside the SDK tree: the host's files are below
/// /host, and HOLDFAST_WORK is the user's working directory there. Symbolic links lead where they
/// lead on the host.
std::filesystem::path user_path(io::System& system, const std::filesystem::path& typed);

/// `user_path` of a file, looked for before anything takes long. Errors: `not_found`, naming `option`
/// and what was typed, where there is none.
Result<std::filesystem::path> existing_file(io::System& system, std::string_view option,
                                            const std::string& typed);

/// The text with each path of `names` as it was typed: typed → inside the SDK tree.
std::string with_typed_names(std::string text, const std::map<std::string, std::string>& names);

/// The verbs of ./holdfast that control the developer's machine. Each takes the arguments after
/// the verb and returns the exit status: 2 for misuse.
Result<int> run_verb(const CommandLine& arguments, io::System& system, ImageMaker make_image);
Result<int> stop_verb(const CommandLine& arguments, io::System& system);
/// Whether the developer's machine runs.
bool is_machine_running(io::System& system);
/// The project's apiclient, told how to reach the machine that runs.
Result<int> apiclient_verb(const CommandLine& arguments, io::System& system);

} // namespace holdfast::machine
