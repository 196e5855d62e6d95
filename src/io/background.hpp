#pragma once

#include "base/error.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace holdfast::io {

/// A process number as the kernel gives it.
using ProcessId = int;

/// Programs that go on when this one ends.
class Background {
public:
    virtual ~Background() = default;
    /// Starts the program in a session of its own, so that no terminal signal reaches it, with no
    /// standard input and both outputs appended to `log`. Errors: `not_found` when it cannot be
    /// started, `io` when the log cannot be opened.
    virtual Result<ProcessId> start(const std::vector<std::string>& arguments,
                                    const std::filesystem::path& log) = 0;
    /// Whether it still runs. A number that the kernel has given to another program counts as
    /// running, so ask soon after the start or hold another proof.
    virtual bool running(ProcessId id) = 0;
    /// SIGKILL: the program gets no chance to write anything more.
    virtual Result<void> kill(ProcessId id) = 0;
};

} // namespace holdfast::io
