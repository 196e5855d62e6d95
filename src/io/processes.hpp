#pragma once

#include "base/error.hpp"

#include <chrono>
#include <map>
#include <string>
#include <vector>

namespace holdfast::io {

/// What to run. The program is looked up in PATH when its name has no slash; no shell is involved.
struct Command {
    std::vector<std::string> arguments = {}; ///< The program first.
    std::string input = {};                   ///< Its standard input.
    std::map<std::string, std::string> environment = {}; ///< Added to the inherited one.
    std::chrono::milliseconds time_limit = std::chrono::minutes{10};
};

/// How it ended.
struct Outcome {
    int exit_status = 0; ///< 128 + signal number when a signal ended it.
    std::string output = {};
    std::string errors = {};
};

/// Other programs.
class Processes {
public:
    virtual ~Processes() = default;
    /// Runs to the end and collects up to 16 MiB of each stream. The end is that of the process
    /// itself: what it left running is neither waited for nor ended, even while that holds the
    /// streams. Errors: `not_found` when the program cannot be started; `timeout`, after which it
    /// has been killed. A non-zero exit status is no error here.
    virtual Result<Outcome> run(const Command& command) = 0;
};

/// Runs and expects exit status 0. Errors: as above, and `io` with the program's last words.
Result<std::string> run_checked(Processes& processes, const Command& command);

} // namespace holdfast::io
