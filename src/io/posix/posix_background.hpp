#pragma once

#include "io/background.hpp"

namespace holdfast::io {

/// posix_spawn(3) with POSIX_SPAWN_SETSID.
class PosixBackground final : public Background {
public:
    Result<ProcessId> start(const std::vector<std::string>& arguments,
                            const std::filesystem::path& log) override;
    bool running(ProcessId id) override;
    Result<void> kill(ProcessId id) override;
};

} // namespace holdfast::io
