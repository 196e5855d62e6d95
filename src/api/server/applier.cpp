#include "api/server/applier.hpp"

#include "base/log.hpp"

#include <array>

namespace holdfast::api {

namespace {

std::string utc(std::chrono::system_clock::time_point time)
{
    return std::format("{:%FT%TZ}", std::chrono::floor<std::chrono::seconds>(time));
}

/// Over what the unit may take (RuntimeMaxSec=), and what it may have to wait for the boot's own run.
constexpr std::chrono::minutes run_limit{15};
constexpr std::size_t longest_report = 1U << 20;

/// All that comes until the applier ends.
Result<std::string> read_report(io::ByteStream& stream)
{
    std::string text;
    std::array<char, 4096> bytes{};
    for (;;) {
        TRY_ASSIGN(const auto count, stream.read_some(bytes));
        if (count == 0) {
            return text;
        }
        text.append(bytes.data(), count);
        if (text.size() > longest_report) {
            return fail(Errc::too_large, "settings-applier reports over {} bytes", longest_report);
        }
    }
}

Result<Json> ask_applier(io::Network& network, const std::filesystem::path& socket,
                         const std::string& keys)
{
    TRY_ASSIGN(const auto stream, network.connect_local(socket, run_limit));
    TRY(stream->write_all(keys + "\n"));
    TRY_ASSIGN(const auto text, read_report(*stream));
    auto report = parse_json(text);
    if (!report.has_value() || !report->is_object()) {
        return fail(Errc::internal, "settings-applier ended without a report; the journal of its "
                                    "unit settings-applier@ says more");
    }
    return *std::move(report);
}

} // namespace

UnitApplier::UnitApplier(io::Network& network, io::Clock& clock, std::filesystem::path socket)
    : network_(network), clock_(clock), socket_(std::move(socket)),
      status_({{"state", "none"}}), thread_([this] { work(); })
{
}

UnitApplier::~UnitApplier()
{
    {
        const std::scoped_lock lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_one();
    thread_.join();
}

void UnitApplier::start(Keys keys)
{
    {
        const std::scoped_lock lock(mutex_);
        status_["state"] = "running";
        queue_.push_back(std::move(keys));
    }
    changed_.notify_one();
}

Json UnitApplier::status()
{
    const std::scoped_lock lock(mutex_);
    return status_;
}

void UnitApplier::record(Json result)
{
    const std::scoped_lock lock(mutex_);
    // A run that is queued or at work tells more recent news.
    if (status_["state"] != "running") {
        status_ = std::move(result);
    }
}

void UnitApplier::work()
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

Json UnitApplier::run(const Keys& keys)
{
    const auto started = utc(clock_.now());
    const Json asked = keys.has_value() ? Json(*keys) : Json("all");
    auto report = ask_applier(network_, socket_, to_text(asked)).while_("applying settings");
    Json result = report.has_value() ? *std::move(report)
                                     : Json{{"error", report.error().message()}};
    const bool failed = result.contains("error");
    if (failed) {
        log::error("applying settings failed", {{"problem", to_text(result["error"])}});
    }
    result["state"] = failed ? "failed" : "succeeded";
    result["started"] = started;
    result["finished"] = utc(clock_.now());
    result["keys"] = asked;
    return result;
}

} // namespace holdfast::api
