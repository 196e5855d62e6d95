#include "update/status/status.hpp"

#include "base/utc_time.hpp"

#include <algorithm>

namespace holdfast::update {

namespace {

constexpr std::array<std::string_view, 4> state_names{"Idle", "Available", "Staged", "Ready"};
constexpr std::array<std::string_view, 4> command_names{"refresh", "prepare", "activate",
                                                        "deactivate"};
constexpr std::array<std::string_view, 3> status_names{"Success", "Failed", "Unknown"};

template <typename E, std::size_t n>
Result<E> from_name(const std::array<std::string_view, n>& names, const Json& json)
{
    if (json.is_string()) {
        const auto* found = std::ranges::find(names, json.get_ref<const std::string&>());
        if (found != names.end()) {
            return static_cast<E>(found - names.begin());
        }
    }
    return fail(Errc::invalid, "expected one of the known names");
}

/// The member, or null where there is none.
const Json& member(const Json& object, const char* key)
{
    static const Json none;
    const auto found = object.is_object() ? object.find(key) : object.end();
    return object.is_object() && found != object.end() ? *found : none;
}

Result<std::string> text(const Json& object, const char* key)
{
    const auto& value = member(object, key);
    if (!value.is_string()) {
        return fail(Errc::invalid, "`{}`: expected a text", key);
    }
    return value.get<std::string>();
}

Result<std::uint64_t> number(const Json& object, const char* key)
{
    const auto& value = member(object, key);
    if (!value.is_number_unsigned()) {
        return fail(Errc::invalid, "`{}`: expected a number", key);
    }
    return value.get<std::uint64_t>();
}

Result<ImageIdentity> parse_image(const Json& json)
{
    ImageIdentity image;
    TRY_ASSIGN(image.arch, text(json, "arch"));
    TRY_ASSIGN(image.version, text(json, "version"));
    TRY_ASSIGN(image.variant, text(json, "variant"));
    return image;
}

Json image_to_json(const ImageIdentity& image)
{
    return {{"arch", image.arch}, {"version", image.version}, {"variant", image.variant}};
}

Result<PartitionStatus> parse_partition(const Json& json)
{
    PartitionStatus partition;
    TRY_ASSIGN(partition.image, parse_image(member(json, "image")));
    partition.next_to_boot = member(json, "next_to_boot") == Json(true);
    return partition;
}

Json partition_to_json(const PartitionStatus& partition)
{
    return {{"image", image_to_json(partition.image)}, {"next_to_boot", partition.next_to_boot}};
}

/// With milliseconds, so that two commands within a second can be told apart.
std::string timestamp_text(std::chrono::sys_time<std::chrono::milliseconds> time)
{
    return std::format("{:%FT%TZ}", time);
}

Result<CommandRecord> parse_record(const Json& json)
{
    CommandRecord record;
    TRY_ASSIGN(record.kind, from_name<CommandKind>(command_names, member(json, "cmd_type")));
    TRY_ASSIGN(record.status, from_name<CommandStatus>(status_names, member(json, "cmd_status")));
    TRY_ASSIGN(const auto when, text(json, "timestamp"));
    TRY_ASSIGN(record.timestamp, parse_utc_time(when));
    TRY_ASSIGN(record.stderr_text, text(json, "stderr"));
    const auto& exit_status = member(json, "exit_status");
    record.exit_status = exit_status.is_number_integer() ? exit_status.get<int>() : 0;
    return record;
}

Json record_to_json(const CommandRecord& record)
{
    return {{"cmd_type", name(record.kind)},
            {"cmd_status", name(record.status)},
            {"timestamp", timestamp_text(record.timestamp)},
            {"exit_status", record.exit_status},
            {"stderr", record.stderr_text}};
}

template <typename T>
Json or_null(const std::optional<T>& value, Json (*to)(const T&))
{
    return value.has_value() ? to(*value) : Json();
}

/// Leaves `value` empty for null.
template <typename T>
Result<void> parse_optional(const Json& json, Result<T> (*parse)(const Json&),
                            std::optional<T>& value)
{
    if (!json.is_null()) {
        TRY_ASSIGN(value, parse(json));
    }
    return {};
}

/// Whether the state says nothing about the other set that is not so.
bool is_borne_out(State state, OtherSet::Use use)
{
    switch (state) {
    case State::idle:
    case State::available: return true;
    case State::staged: return use == OtherSet::Use::may_be_activated;
    case State::ready: return use == OtherSet::Use::boots_next;
    }
    return false;
}

Status with_other_set(Status status, const OtherSet& other)
{
    const bool boots_next = other.use == OtherSet::Use::boots_next;
    status.staging.reset();
    if (other.use == OtherSet::Use::none) {
        status.state = status.chosen.has_value() ? State::available : State::idle;
    } else {
        status.state = boots_next ? State::ready : State::staged;
        if (other.image) {
            status.staging = PartitionStatus{.image = *other.image, .next_to_boot = boots_next};
        }
    }
    if (status.active.has_value()) {
        status.active->next_to_boot = !boots_next;
    }
    return status;
}

} // namespace

std::string_view name(State state)
{
    return state_names[static_cast<std::size_t>(state)];
}

std::string_view name(CommandKind kind)
{
    return command_names[static_cast<std::size_t>(kind)];
}

std::string_view name(CommandStatus status)
{
    return status_names[static_cast<std::size_t>(status)];
}

Result<CommandKind> parse_command(std::string_view name)
{
    return from_name<CommandKind>(command_names, Json(std::string(name)));
}

Result<Status> parse_status(std::string_view text)
{
    TRY_ASSIGN(const auto json, parse_json(text));
    Status status;
    TRY_ASSIGN(status.state, from_name<State>(state_names, member(json, "update_state")));
    for (const auto& version : member(json, "available_updates")) {
        if (version.is_string()) {
            status.available.push_back(version.get<std::string>());
        }
    }
    TRY(parse_optional(member(json, "chosen_update"), parse_image, status.chosen));
    TRY(parse_optional(member(json, "active_partition"), parse_partition, status.active));
    TRY(parse_optional(member(json, "staging_partition"), parse_partition, status.staging));
    TRY(parse_optional(member(json, "most_recent_command"), parse_record, status.last_command));
    TRY(parse_optional(member(json, "progress"), parse_progress, status.progress));
    return status;
}

Json to_json(const Status& status)
{
    return {{"update_state", name(status.state)},
            {"available_updates", status.available},
            {"chosen_update", or_null(status.chosen, image_to_json)},
            {"active_partition", or_null(status.active, partition_to_json)},
            {"staging_partition", or_null(status.staging, partition_to_json)},
            {"most_recent_command", or_null(status.last_command, record_to_json)},
            {"progress", status.progress.has_value() ? to_json(*status.progress) : Json()}};
}

Result<StagedUpdate> parse_staged(std::string_view content)
{
    TRY_ASSIGN(const auto json, parse_json(content));
    StagedUpdate staged;
    TRY_ASSIGN(staged.image, parse_image(json));
    TRY_ASSIGN(const auto when, text(json, "when"));
    TRY_ASSIGN(staged.when, parse_utc_time(when));
    TRY(parse_optional(member(json, "before"), parse_image, staged.before));
    return staged;
}

Json to_json(const StagedUpdate& staged)
{
    auto json = image_to_json(staged.image);
    json["when"] = utc_text(staged.when);
    json["before"] = or_null(staged.before, image_to_json);
    return json;
}

Json to_json(const ProgressReport& progress)
{
    return {{"bytes", progress.bytes},
            {"total", progress.total},
            {"percent", progress.percent},
            {"rate", progress.rate}};
}

Result<ProgressReport> parse_progress(const Json& json)
{
    ProgressReport progress;
    TRY_ASSIGN(progress.bytes, number(json, "bytes"));
    TRY_ASSIGN(progress.total, number(json, "total"));
    TRY_ASSIGN(progress.percent, number(json, "percent"));
    TRY_ASSIGN(progress.rate, number(json, "rate"));
    return progress;
}

std::optional<ExitStatus> refusal(const Status& status, CommandKind command)
{
    const auto unless = [](bool allowed, ExitStatus why) {
        return allowed ? std::nullopt : std::optional(why);
    };
    switch (command) {
    case CommandKind::refresh: return std::nullopt;
    case CommandKind::prepare:
        if (status.state != State::available && status.state != State::staged) {
            return ExitStatus::disallowed;
        }
        return unless(status.chosen.has_value(), ExitStatus::update_missing);
    case CommandKind::activate:
        if (status.state != State::staged) {
            return ExitStatus::disallowed;
        }
        return unless(status.staging.has_value(), ExitStatus::nothing_staged);
    case CommandKind::deactivate:
        return unless(status.state == State::ready, ExitStatus::disallowed);
    }
    return ExitStatus::failure;
}

OtherSet other_set(const BootSets& sets, const std::optional<StagedUpdate>& staged,
                   const ImageIdentity& running)
{
    OtherSet other;
    if (sets.other_is_next) {
        other.use = OtherSet::Use::boots_next;
    } else if (sets.other && sets.other->priority == 0 && sets.other->tries_left > 0 &&
               !sets.other->successful) {
        other.use = OtherSet::Use::may_be_activated;
    }
    if (staged) {
        other.image = staged->image == running ? staged->before : staged->image;
    }
    return other;
}

Status after_command(Status status, const CommandRecord& outcome,
                     const std::optional<OtherSet>& other)
{
    const bool succeeded = outcome.status == CommandStatus::success;
    status.last_command = outcome;
    if (outcome.kind == CommandKind::refresh) {
        if (status.state == State::idle || status.state == State::available) {
            status.state = succeeded && status.chosen.has_value() ? State::available : State::idle;
        }
        return status;
    }
    if (!other || (!succeeded && is_borne_out(status.state, other->use))) {
        return status;
    }
    return with_other_set(std::move(status), *other);
}

Status after_rollback(Status status, const std::optional<OtherSet>& other)
{
    return other ? with_other_set(std::move(status), *other) : status;
}

} // namespace holdfast::update
