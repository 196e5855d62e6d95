#include "api/server/applier.hpp"

#include "base/log.hpp"
#include "base/text.hpp"

namespace holdfast::api {

namespace {

std::string utc(std::chrono::system_clock::time_point time)
{
    return std::format("{:%FT%TZ}", std::chrono::floor<std::chrono::seconds>(time));
}

/// The applier's own report where there is one, whatever the exit status; else what went wrong.
Json report_of(const Result<io::Outcome>& outcome)
{
    if (!outcome.has_value()) {
        return {{"error", outcome.error().message()}};
    }
    auto report = parse_json(outcome->output);
    Json result = report.has_value() && report->is_object() ? *std::move(report) : Json::object();
    if (outcome->exit_status != 0 && !result.contains("error")) {
        const auto words = trimmed(outcome->errors);
        result["error"] =
            std::format("exited with status {}: {}", outcome->exit_status, words.substr(0, 4000));
    }
    return result;
}

} // namespace

ProcessApplier::ProcessApplier(io::Processes& processes, io::Clock& clock,
                               std::vector<std::string> command)
    : processes_(processes), clock_(clock), command_(std::move(command)),
      status_({{"state", "none"}}), thread_([this] { work(); })
{
}

ProcessApplier::~ProcessApplier()
{
    {
        const std::scoped_lock lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_one();
    thread_.join();
}

void ProcessApplier::start(Keys keys)
{
    {
        const std::scoped_lock lock(mutex_);
        status_["state"] = "running";
        queue_.push_back(std::move(keys));
    }
    changed_.notify_one();
}

Json ProcessApplier::status()
{
    const std::scoped_lock lock(mutex_);
    return status_;
}

void ProcessApplier::record(Json result)
{
    const std::scoped_lock lock(mutex_);
    // A run that is queued or at work tells more recent news.
    if (status_["state"] != "running") {
        status_ = std::move(result);
    }
}

void ProcessApplier::work()
{
    for (;;) {
        Keys keys;
        {
            std::unique_lock lock(mutex_);
            changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
            if (stopping_) {
                return;
            }
            keys = std::move(queue_.front());
            queue_.pop_front();
        }
        auto result = run(keys);
        const std::scoped_lock lock(mutex_);
        if (!queue_.empty()) {
            result["state"] = "running";
        }
        status_ = std::move(result);
    }
}

Json ProcessApplier::run(const Keys& keys)
{
    const auto started = utc(clock_.now());
    io::Command command{.arguments = command_, .input = {}, .environment = {}};
    if (keys.has_value()) {
        command.input = to_text(Json(*keys));
    } else {
        command.arguments.emplace_back("--all");
    }
    auto result = report_of(processes_.run(command));
    const bool failed = result.contains("error");
    if (failed) {
        log::error("applying settings failed", {{"problem", to_text(result["error"])}});
    }
    result["state"] = failed ? "failed" : "succeeded";
    result["started"] = started;
    result["finished"] = utc(clock_.now());
    result["keys"] = keys.has_value() ? Json(*keys) : Json("all");
    return result;
}

} // namespace holdfast::api
