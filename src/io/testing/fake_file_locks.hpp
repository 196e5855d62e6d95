#pragma once

#include "io/file_locks.hpp"

#include <map>

namespace holdfast::io {

/// Locks among those who hold the same object.
class FakeFileLocks final : public FileLocks {
public:
    Result<std::unique_ptr<FileLock>> try_lock(const std::filesystem::path& path,
                                               Locking locking) override
    {
        auto& holders = holders_[path];
        const bool free = locking == Locking::shared ? !holders.exclusive
                                                     : !holders.exclusive && holders.shared == 0;
        if (!free) {
            return fail(Errc::locked, "{} is held by another program", path.native());
        }
        return std::make_unique<Held>(holders, locking);
    }

private:
    struct Holders {
        int shared = 0;
        bool exclusive = false;
    };
    struct Held final : FileLock {
        Held(Holders& all, Locking kind) : holders(all), locking(kind) { change(1); }
        ~Held() override { change(-1); }
        void change(int by)
        {
            if (locking == Locking::shared) {
                holders.shared += by;
            } else {
                holders.exclusive = by > 0;
            }
        }
        Holders& holders;
        Locking locking;
    };

    std::map<std::filesystem::path, Holders> holders_; // Its nodes stay where they are.
};

} // namespace holdfast::io
