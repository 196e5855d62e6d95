#pragma once

#include "io/clock.hpp"
#include "io/network.hpp"
#include "json/json.hpp"

#include <condition_variable>
#include <deque>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace holdfast::api {

/// What handlers see of the applier.
class Applier {
public:
    virtual ~Applier() = default;
    /// Queues a run of settings-applier for these keys, or for everything, and returns at once.
    virtual void start(std::optional<std::vector<std::string>> keys) = 0;
    /// The last run's result: {"state": "none" | "running" | "succeeded" | "failed", …}.
    virtual Json status() = 0;
    /// Records a run that something else made: the boot's `settings-applier --all`.
    virtual void record(Json result) = 0;
};

/// Asks for runs of `settings-applier` on its own thread, one at a time, in order: two changes of one
/// file must not race. (The reference forks and forgets; we keep what came of it.)
///
/// Each run is a unit of its own with the rights that applying needs, which the server itself does
/// not have: systemd starts one for each connection to `socket` (settings-applier.socket), with the
/// connection as its standard input and output. A line with the keys goes out; the report, a JSON
/// object, comes back.
class UnitApplier final : public Applier {
public:
    UnitApplier(io::Network& network, io::Clock& clock, std::filesystem::path socket);
    /// Waits for the run at work; drops queued ones.
    ~UnitApplier() override;
    UnitApplier(const UnitApplier&) = delete;
    UnitApplier& operator=(const UnitApplier&) = delete;

    void start(std::optional<std::vector<std::string>> keys) override;
    Json status() override;
    void record(Json result) override;

private:
    using Keys = std::optional<std::vector<std::string>>;
    void work();
    Json run(const Keys& keys);

    io::Network& network_;
    io::Clock& clock_;
    std::filesystem::path socket_;

    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Keys> queue_; ///< Guarded by mutex_, like the next two.
    Json status_;
    bool stopping_ = false;
    std::thread thread_;
};

} // namespace holdfast::api
