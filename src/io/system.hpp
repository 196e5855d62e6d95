#pragma once

#include "io/clock.hpp"
#include "io/files.hpp"
#include "io/processes.hpp"
#include "io/random.hpp"

#include <optional>
#include <string>

namespace holdfast::io {

/// The outside world as one bag, which only a program's `run` sees; it hands each room the
/// narrowest part.
struct System {
    Files& files;
    Clock& clock;
    Random& random;
    Processes& processes;
    /// getenv(3), or nothing.
    std::optional<std::string> (*environment)(const char* name);
};

} // namespace holdfast::io
