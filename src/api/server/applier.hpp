#pragma once

#include "io/clock.hpp"
#include "io/processes.hpp"
#include "json/json.hpp"

#include <condition_variable>
#include <deque>
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

/// Runs the program `settings-applier` on its own thread, one run at a time, in order: two changes
/// of one file must not race. (The reference forks and forgets; we keep what came of it.)
class ProcessApplier final : public Applier {
public:
    /// `command` is the program with its options; keys follow on its standard input.
    ProcessApplier(io::Processes& processes, io::Clock& clock, std::vector<std::string> command);
    /// Waits for the run at work; drops queued ones.
    ~ProcessApplier() override;
    ProcessApplier(const ProcessApplier&) = delete;
    ProcessApplier& operator=(const ProcessApplier&) = delete;

    void start(std::optional<std::vector<std::string>> keys) override;
    Json status() override;
    void record(Json result) override;

private:
    using Keys = std::optional<std::vector<std::string>>;
    void work();
    Json run(const Keys& keys);

    io::Processes& processes_;
    io::Clock& clock_;
    std::vector<std::string> command_;

    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Keys> queue_; ///< Guarded by mutex_, like the next two.
    Json status_;
    bool stopping_ = false;
    std::thread thread_;
};

} // namespace holdfast::api
