#pragma once

#include "io/file_locks.hpp"

namespace holdfast::io {

/// The lock ends with the process at the latest; programs that it starts don't inherit it.
class PosixFileLocks final : public FileLocks {
public:
    Result<std::unique_ptr<FileLock>> try_lock(const std::filesystem::path& path,
                                               Locking locking) override;
};

} // namespace holdfast::io
