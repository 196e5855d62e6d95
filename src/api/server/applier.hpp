#pragma once

#include "io/clock.hpp"
#include "io/files.hpp"
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
    /// What is about to be committed. A server that ends before `start` or `withdraw` makes up for
    /// a run for these keys when it is started again.
    virtual void announce(std::vector<std::string> keys) = 0;
    /// What was announced is not committed.
    virtual void withdraw() = 0;
    /// Queues a run of settings-applier for these keys, or for everything, and returns at once.
    /// What was announced is done with by that. From then on a server that ends before the run
    /// makes up for it when it is started again.
    virtual void start(std::optional<std::vector<std::string>> keys) = 0;
    /// The last run's result: {"state": "none" | "running" | "succeeded" | "failed", …}.
    virtual Json status() = 0;
    /// Records a run that something else made: the boot's `settings-applier --all`.
    virtual void record(Json result) = 0;
};

/// Asks for runs of `settings-applier` on its own thread, one at a time, in order: two changes of
/// one file must not race. (The reference forks and forgets; we keep what came of it.)
///
/// Each run is a unit of its own with the rights that applying needs, which the server itself does
/// not have: systemd starts one for each connection to `socket` (settings-applier.socket), with the
/// connection as its standard input and output. A line with the keys goes out; the report, a JSON
/// object, comes back.
///
/// What is announced, queued or at work stands in the file `unapplied`, on a tmpfs: what is
/// committed is the machine's settings, and must reach its services also when this server is killed
/// meanwhile. After a boot nothing is left to do, for a boot applies everything.
class UnitApplier final : public Applier {
public:
    /// Takes up what another server left in `unapplied`.
    UnitApplier(io::Network& network, io::Clock& clock, io::Files& files,
                std::filesystem::path socket, std::filesystem::path unapplied);
    /// Waits for nothing: the run at work ends in its unit, or not, and is left to the next server
    /// with those that are queued.
    ~UnitApplier() override;
    UnitApplier(const UnitApplier&) = delete;
    UnitApplier& operator=(const UnitApplier&) = delete;

    void announce(std::vector<std::string> keys) override;
    void withdraw() override;
    void start(std::optional<std::vector<std::string>> keys) override;
    Json status() override;
    void record(Json result) override;

private:
    using Keys = std::optional<std::vector<std::string>>;
    class AtWork;
    void work();
    Json run(const Keys& keys);
    Result<Json> ask(const std::string& keys);
    void take_up_unapplied();
    void note_unapplied();

    io::Network& network_;
    io::Clock& clock_;
    io::Files& files_;
    std::filesystem::path socket_;
    std::filesystem::path unapplied_;

    std::mutex mutex_;
    std::condition_variable changed_;
    /// Guarded by mutex_, like the next five. The first one is at work.
    std::deque<Keys> queue_;
    std::optional<std::vector<std::string>> announced_;
    std::optional<Json> noted_; ///< What `unapplied_` holds, where that is known.
    Json status_;
    bool stopping_ = false;
    io::ByteStream* at_work_ = nullptr;
    std::thread thread_;
};

} // namespace holdfast::api
