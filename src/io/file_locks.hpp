#pragma once

#include "base/error.hpp"

#include <filesystem>
#include <memory>

namespace holdfast::io {

/// A lock that is held; destruction gives it back.
class FileLock {
public:
    virtual ~FileLock() = default;
};

enum class Locking {
    shared,
    exclusive,
};

/// Advisory locks between programs, by files that mean nothing else (flock(2)).
class FileLocks {
public:
    virtual ~FileLocks() = default;
    /// Never waits; makes the file where there is none. Errors: `locked` when somebody else holds
    /// it, `denied`, `io`.
    virtual Result<std::unique_ptr<FileLock>> try_lock(const std::filesystem::path& path,
                                                       Locking locking) = 0;
};

} // namespace holdfast::io
