#pragma once

// For tests: a disk below SQLite that loses power, or is full.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>

struct sqlite3_vfs;

namespace holdfast::store {

/// What a power cut leaves of everything that was not flushed.
enum class Leftover {
    nothing,    ///< The disk forgets it all.
    everything, ///< The disk had it all written already, but for the write that was cut.
    some        ///< Any sector, length and name may be old or new, as the seed has it.
};

/// Files in memory as SQLite's file layer (https://sqlite.org/vfs.html). A write, truncation, flush
/// or deletion is a step; at a chosen step the power goes. Promises no atomic sector.
class PowerCutVfs {
public:
    /// Registered with SQLite under `name` for as long as it lives.
    explicit PowerCutVfs(std::string name);
    ~PowerCutVfs();
    PowerCutVfs(const PowerCutVfs&) = delete;
    PowerCutVfs& operator=(const PowerCutVfs&) = delete;

    const char* name() const { return name_.c_str(); }
    /// `steps` more steps succeed. The next one is cut, and whatever follows fails.
    void cut_power_after(int steps) { steps_left_ = steps; }
    /// Power is back, with this left. Every file must have been closed.
    void restart(Leftover leftover, std::uint32_t seed = 0);
    /// All files together may have this many bytes. What would be more fails with SQLITE_FULL.
    void limit_space(std::size_t bytes) { space_ = bytes; }
    std::size_t space_used() const;
    /// What a program that reads the file without SQLite finds; nothing where there is no file.
    std::optional<std::string> content(const std::string& path) const;

private:
    friend struct VfsCalls;
    struct Node {
        std::string bytes;
        std::string durable;
    };
    using Names = std::map<std::string, std::shared_ptr<Node>>;

    /// How a step goes.
    enum class Step { whole, cut, dead };
    Step take_step();

    std::string name_;
    std::unique_ptr<sqlite3_vfs> vfs_;
    Names names_;
    Names durable_names_;
    int steps_left_ = -1; ///< Negative: no cut is planned.
    bool is_off_ = false;
    std::size_t space_ = SIZE_MAX;
};

} // namespace holdfast::store
