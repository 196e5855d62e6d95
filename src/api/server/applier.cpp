#include "api/server/applier.hpp"

#include "base/log.hpp"

#include <algorithm>
#include <array>
#include <iterator>

namespace holdfast::api {

namespace {

std::string utc(std::chrono::system_clock::time_point time)
{
    return std::format("{:%FT%TZ}", std::chrono::floor<std::chrono::seconds>(time));
}

/// Over what the unit may take (RuntimeMaxSec=), and what it may have to wait for the boot's own
/// run.
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

Result<Json> ask_applier(io::ByteStream& stream, const std::string& keys)
{
    TRY(stream.write_all(keys + "\n"));
    TRY_ASSIGN(const auto text, read_report(stream));
    auto report = parse_json(text);
    if (!report.has_value() || !report->is_object()) {
        return fail(Errc::internal, "settings-applier ended without a report; the journal of its "
                                    "unit settings-applier@ says more");
    }
    return *std::move(report);
}

using Keys = std::optional<std::vector<std::string>>;

Json as_json(const Keys& keys)
{
    return keys.has_value() ? Json(*keys) : Json("all");
}

/// Whatever is not as `as_json` writes it stands for everything.
Keys keys_from(const Json& asked)
{
    const auto is_string = [](const Json& item) { return item.is_string(); };
    if (!asked.is_array() || !std::ranges::all_of(asked, is_string)) {
        return std::nullopt;
    }
    return asked.get<std::vector<std::string>>();
}

} // namespace

UnitApplier::UnitApplier(io::Network& network, io::Clock& clock, io::Files& files,
                         std::filesystem::path socket, std::filesystem::path unapplied)
    : network_(network), clock_(clock), files_(files), socket_(std::move(socket)),
      unapplied_(std::move(unapplied)), status_({{"state", "none"}})
{
    take_up_unapplied();
    thread_ = std::thread([this] { work(); });
}

UnitApplier::~UnitApplier()
{
    {
        const std::scoped_lock lock(mutex_);
        stopping_ = true;
        if (at_work_ != nullptr) {
            at_work_->shut_down();
        }
    }
    changed_.notify_one();
    thread_.join();
}

void UnitApplier::announce(std::vector<std::string> keys)
{
    const std::scoped_lock lock(mutex_);
    announced_ = std::move(keys);
    note_unapplied();
}

void UnitApplier::withdraw()
{
    const std::scoped_lock lock(mutex_);
    if (announced_.has_value()) {
        announced_.reset();
        note_unapplied();
    }
}

void UnitApplier::start(std::optional<std::vector<std::string>> keys)
{
    {
        const std::scoped_lock lock(mutex_);
        status_ = {{"state", "running"}}; // Nothing of the one before.
        queue_.push_back(std::move(keys));
        announced_.reset();
        note_unapplied();
    }
    changed_.notify_one();
}

void UnitApplier::take_up_unapplied()
{
    const auto text = files_.read(unapplied_);
    if (!text.has_value() && text.error().code() == Errc::not_found) {
        return;
    }
    const auto left = text.has_value() ? parse_json(*text) : Failure{text.error()};
    if (left.has_value() && left->is_array()) {
        std::ranges::transform(*left, std::back_inserter(queue_), keys_from);
    } else {
        queue_.push_back(std::nullopt);
    }
    if (!queue_.empty()) {
        log::info("applying what the server before did not finish");
        status_ = {{"state", "running"}};
    }
}

/// Under the mutex. A disk in memory that is full or gone does not keep a change from being
/// applied.
void UnitApplier::note_unapplied()
{
    Json left = Json::array();
    for (const auto& keys : queue_) {
        left.push_back(as_json(keys));
    }
    if (announced_.has_value()) {
        left.push_back(*announced_);
    }
    if (noted_ == left) {
        return;
    }
    const auto noted = left.empty() ? files_.remove(unapplied_)
                                    : io::replace_file(files_, unapplied_, to_text(left), 0600);
    noted_ = noted.has_value() ? std::optional(std::move(left)) : std::nullopt;
    if (!noted.has_value()) {
        log::warning("a restart of the server would not know what it has to apply",
                     {{"problem", noted.error().message()}});
    }
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
            keys = queue_.front();
        }
        auto result = run(keys);
        const std::scoped_lock lock(mutex_);
        if (stopping_) {
            return; // The report may have been cut off. The next server asks again.
        }
        if (result["state"] == "failed") {
            log::error("applying settings failed", {{"problem", to_text(result["error"])}});
        }
        queue_.pop_front();
        note_unapplied();
        if (!queue_.empty()) {
            result["state"] = "running";
        }
        status_ = std::move(result);
    }
}

/// The connection of the run at work, for the destructor to end.
class UnitApplier::AtWork {
public:
    AtWork(UnitApplier& applier, io::ByteStream& stream) : applier_(applier)
    {
        const std::scoped_lock lock(applier_.mutex_);
        applier_.at_work_ = &stream;
        if (applier_.stopping_) {
            stream.shut_down();
        }
    }
    ~AtWork()
    {
        const std::scoped_lock lock(applier_.mutex_);
        applier_.at_work_ = nullptr;
    }
    AtWork(const AtWork&) = delete;
    AtWork& operator=(const AtWork&) = delete;

private:
    UnitApplier& applier_;
};

Result<Json> UnitApplier::ask(const std::string& keys)
{
    TRY_ASSIGN(const auto stream, network_.connect_local(socket_, run_limit));
    const AtWork at_work(*this, *stream);
    return ask_applier(*stream, keys);
}

Json UnitApplier::run(const Keys& keys)
{
    const auto started = utc(clock_.now());
    const auto asked = as_json(keys);
    auto report = ask(to_text(asked)).while_("applying settings");
    Json result =
        report.has_value() ? *std::move(report) : Json{{"error", report.error().message()}};
    const bool failed = result.contains("error");
    result["state"] = failed ? "failed" : "succeeded";
    result["started"] = started;
    result["finished"] = utc(clock_.now());
    result["keys"] = asked;
    return result;
}

} // namespace holdfast::api
