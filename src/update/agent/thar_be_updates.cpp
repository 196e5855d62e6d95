#include "update/agent/thar_be_updates.hpp"

#include "base/log.hpp"
#include "base/text.hpp"
#include "toml/toml.hpp"
#include "update/agent/identity.hpp"
#include "update/manifest/selection.hpp"

#include <algorithm>
#include <cstdio>

namespace holdfast::update {

namespace {

constexpr auto config_path = "/etc/thar-be-updates.toml";
constexpr auto updog = "/usr/bin/updog";
constexpr auto signpost = "/usr/bin/signpost";
constexpr auto signpost_limit = std::chrono::seconds(30);
/// Says which command runs, from its start to the moment its outcome is in the status.
constexpr auto running_path = "/run/cache/thar-be-updates/running";
constexpr auto record_end_command = "record-end";
/// Who only reads the status holds the lock for a moment, again and again while people wait.
constexpr auto pause_for_readers = std::chrono::milliseconds(50);
constexpr int most_tries_for_readers = 60;
constexpr std::size_t longest_message = 4096;

struct Options {
    std::string command;
    std::string ended; ///< The command whose end `record-end` is to record.
    std::string config = config_path;
    log::Level level = log::Level::info;
    bool help = false;
};

constexpr std::string_view usage =
    "usage: thar-be-updates refresh | prepare | activate | deactivate | rollback |\n"
    "       record-end COMMAND\n"
    "  --config-path FILE   settings (default /etc/thar-be-updates.toml)\n"
    "  --log-level LEVEL    trace, debug, info, warn or error\n"
    "Exit status: 0 done, 1 failed, 2 misuse, 64 another command runs, 65 not allowed in this\n"
    "state, 66 no update was chosen, 67 no image is staged.\n";

std::optional<log::Level> parse_level(std::string_view text)
{
    if (text == "trace" || text == "debug") {
        return log::Level::debug;
    }
    if (text == "info") {
        return log::Level::info;
    }
    if (text == "warn") {
        return log::Level::warning;
    }
    return text == "error" ? std::optional(log::Level::error) : std::nullopt;
}

std::optional<Options> parse_options(const std::vector<std::string>& arguments)
{
    Options options;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const auto& word = arguments[i];
        const bool has_value = i + 1 < arguments.size();
        if (word == "--help" || word == "-h") {
            options.help = true;
        } else if (word == "--config-path" && has_value) {
            options.config = arguments[++i];
        } else if (word == "--log-level" && has_value) {
            const auto level = parse_level(arguments[++i]);
            if (!level) {
                return std::nullopt;
            }
            options.level = *level;
        } else if (options.command.empty() && !word.starts_with('-')) {
            options.command = word;
        } else if (options.command == record_end_command && options.ended.empty()) {
            options.ended = word;
        } else {
            return std::nullopt;
        }
    }
    return options;
}

std::vector<std::string> updog_arguments(CommandKind kind, const Status& status)
{
    switch (kind) {
    case CommandKind::refresh: return {updog, "whats", "--all", "--json"};
    case CommandKind::prepare:
        // By its version, so that what is staged is what the status said would be.
        return {updog, "update-image", "--image", status.chosen->version};
    case CommandKind::activate: return {updog, "update-apply"};
    case CommandKind::deactivate: return {updog, "update-revert"};
    }
    return {};
}

/// A whole image over a slow line. Every fetch in it has a shorter deadline (`io::fetch_deadline`),
/// so one that is too slow is told of as such; a refresh fetches small files only.
std::chrono::milliseconds time_limit(CommandKind kind)
{
    return kind == CommandKind::prepare ? std::chrono::hours(6) : std::chrono::minutes(10);
}

/// What failed: the lines that are errors, without the level that journald reads ("<3>"); all of
/// them where no line has a level.
std::string for_people(std::string_view text)
{
    constexpr std::string_view error_level = "<3>";
    std::vector<std::string> lines;
    std::vector<std::string> errors;
    for (const auto& line : split(trimmed(text), '\n')) {
        lines.push_back(line);
        if (line.starts_with(error_level)) {
            errors.push_back(line.substr(error_level.size()));
        }
    }
    auto message = join(errors.empty() ? lines : errors, "\n");
    if (message.size() > longest_message) {
        message.resize(longest_message); // The first words say what failed.
    }
    return message;
}

Result<VersionLock> read_version_lock(io::Files& files, const std::string& path)
{
    TRY_ASSIGN(const auto text, files.read(path, 64U << 10));
    TRY_ASSIGN(const auto config, parse_toml(text));
    const auto lock = config.find("version-lock");
    if (lock == config.end() || !lock->is_string()) {
        return fail(Errc::invalid, "{}: version-lock is missing", path);
    }
    return VersionLock::parse(lock->get<std::string>()).while_(path + ": version-lock");
}

/// The status so far; a first one where there is none, or none that can be read.
Status load_status(io::Files& files)
{
    const auto text = files.read(status_path);
    auto status = text.has_value() ? parse_status(*text) : Result<Status>(Failure{text.error()});
    if (!status.has_value() && status.error().code() != Errc::not_found) {
        log::warning("starting with an empty status", {{"why", status.error().message()}});
    }
    return std::move(status).value_or(Status());
}

Result<void> save_status(io::Files& files, const Status& status)
{
    TRY(files.create_directories(std::filesystem::path(status_path).parent_path()));
    return io::replace_file(files, status_path, to_pretty_text(to_json(status)) + "\n")
        .while_("writing the update status");
}

/// Puts what `updog whats --all --json` printed into the status.
Result<void> take_updates(Status& status, const std::string& printed, const ImageIdentity& running,
                          const VersionLock& lock)
{
    TRY_ASSIGN(auto list, parse_json(printed));
    const Json wrapped = {{"updates", std::move(list)}, {"migrations", Json::object()}};
    TRY_ASSIGN(const auto manifest, parse_manifest(to_text(wrapped)));
    TRY_ASSIGN(const auto current, Version::parse(running.version));
    status.available.clear();
    for (const auto& update : manifest.updates) {
        status.available.push_back(update.version.str());
    }
    const auto chosen = choose_update(manifest.updates, current, lock);
    status.chosen.reset();
    if (chosen) {
        status.chosen = ImageIdentity{
            .arch = chosen->arch, .version = chosen->version.str(), .variant = chosen->variant};
    }
    return {};
}

/// Runs updog and gives its standard output. Errors: with what it said on standard error.
Result<std::string> run_updog(TharBeUpdates& world, std::vector<std::string> arguments,
                              std::chrono::milliseconds limit, int& exit_status)
{
    exit_status = 1;
    TRY_ASSIGN(const auto outcome, world.processes.run({.arguments = std::move(arguments),
                                                        .time_limit = limit}));
    exit_status = outcome.exit_status;
    std::fputs(outcome.errors.c_str(), stderr); // Its log goes where ours goes.
    if (outcome.exit_status != 0) {
        return fail(Errc::io, "{}", for_people(outcome.errors));
    }
    return outcome.output;
}

/// The status tells of the version that runs, which this is.
Result<ImageIdentity> note_running(io::Files& files, Status& status)
{
    TRY_ASSIGN(const auto running, read_identity(files));
    if (!status.active.has_value() || status.active->image != running) {
        status.active = PartitionStatus{.image = running, .next_to_boot = true};
    }
    return running;
}

/// updog is told a version, and asks for no lock then: it may have been set since the check.
Result<void> check_lock(io::Files& files, const Options& options, Status& status)
{
    TRY_ASSIGN(const auto lock, read_version_lock(files, options.config));
    const auto& wanted = lock.version();
    TRY_ASSIGN(const auto chosen, Version::parse(status.chosen->version));
    if (!wanted || *wanted == chosen) {
        return {};
    }
    status.chosen.reset();
    status.state = status.state == State::available ? State::idle : status.state;
    return fail(Errc::conflict,
                "settings.updates.version-lock is {} by now, and {} was to come; look for updates again",
                wanted->str(), chosen.str());
}

Result<void> execute(TharBeUpdates& world, const Options& options, CommandKind kind, Status& status,
                     int& exit_status)
{
    TRY_ASSIGN(const auto running, note_running(world.files, status));
    if (kind == CommandKind::prepare) {
        TRY(check_lock(world.files, options, status));
    }
    TRY_ASSIGN(const auto printed, run_updog(world, updog_arguments(kind, status), time_limit(kind),
                                             exit_status));
    if (kind == CommandKind::refresh) {
        exit_status = 1;
        TRY_ASSIGN(const auto lock, read_version_lock(world.files, options.config));
        TRY(take_updates(status, printed, running, lock).while_("reading what updog printed"));
        exit_status = 0;
    }
    return {};
}

CommandRecord record_now(io::Clock& clock, CommandKind kind)
{
    return {.kind = kind, .timestamp = std::chrono::floor<std::chrono::milliseconds>(clock.now())};
}

/// The last progress of a download belongs to the status when it is over.
void take_progress(io::Files& files, Status& status)
{
    const auto text = files.read(progress_path, 64U << 10);
    const auto json = text.has_value() ? parse_json(*text) : Result<Json>(Failure{text.error()});
    const auto progress =
        json.has_value() ? parse_progress(*json) : Result<ProgressReport>(Failure{json.error()});
    if (progress.has_value()) {
        status.progress = *progress;
    }
}

Result<void> begin(TharBeUpdates& world, CommandKind kind)
{
    TRY(world.files.create_directories(std::filesystem::path(running_path).parent_path()));
    TRY(world.files.remove(progress_path)); // An earlier download's.
    TRY(io::replace_file(world.files, running_path, name(kind)));
    return world.manager.notify("READY=1");
}

/// The set that does not run, by the disk's own word: a command may have failed before or after it
/// changed something.
Result<OtherSet> look_at_other_set(TharBeUpdates& world)
{
    TRY_ASSIGN(const auto running, read_identity(world.files));
    TRY_ASSIGN(const auto told,
               io::run_checked(world.processes, {.arguments = {signpost, "status"},
                                                 .time_limit = signpost_limit}));
    TRY_ASSIGN(const auto sets, parse_sets(told));
    const auto text = world.files.read(staged_path, 64U << 10);
    const auto staged = text.has_value() ? parse_staged(*text)
                                         : Result<StagedUpdate>(Failure{text.error()});
    return other_set(sets, staged.has_value() ? std::optional(*staged) : std::nullopt, running);
}

/// Nothing where that cannot be found out.
std::optional<OtherSet> other_set_now(TharBeUpdates& world)
{
    const auto other = look_at_other_set(world);
    if (!other.has_value()) {
        log::warning("the state of the other set is not known; the status stays",
                     {{"why", other.error().message()}});
        return std::nullopt;
    }
    return *other;
}

Result<int> finish(TharBeUpdates& world, Status status, const CommandRecord& record)
{
    if (record.kind == CommandKind::prepare) {
        take_progress(world.files, status);
    }
    // A refresh changes nothing there, and its unit may not look at disks.
    const auto other =
        record.kind == CommandKind::refresh ? std::nullopt : other_set_now(world);
    TRY(save_status(world.files, after_command(std::move(status), record, other)));
    TRY(world.files.remove(running_path));
    if (record.status == CommandStatus::success) {
        log::info("update command done", {{"command", std::string(name(record.kind))}});
        return 0;
    }
    log::error("update command failed",
               {{"command", std::string(name(record.kind))}, {"why", record.stderr_text}});
    return static_cast<int>(ExitStatus::failure);
}

Result<int> run_command(TharBeUpdates& world, const Options& options, CommandKind kind)
{
    auto status = load_status(world.files);
    if (const auto refused = refusal(status, kind)) {
        return static_cast<int>(*refused);
    }
    TRY(begin(world, kind));
    int exit_status = 1;
    const auto done = execute(world, options, kind, status, exit_status);
    auto record = record_now(world.clock, kind);
    record.status = done.has_value() ? CommandStatus::success : CommandStatus::failed;
    record.exit_status = exit_status;
    record.stderr_text = done.has_value() ? "" : done.error().message();
    return finish(world, std::move(status), record);
}

/// Ready when all is done, so whoever started the unit knows what came of it: the reference's
/// records of commands have no word for this one.
Result<int> roll_back(TharBeUpdates& world)
{
    auto status = load_status(world.files);
    TRY(note_running(world.files, status));
    int exit_status = 1;
    const auto done = run_updog(world, {updog, "update-rollback"},
                                time_limit(CommandKind::activate), exit_status);
    if (!done.has_value()) {
        const auto lines = split(done.error().message(), '\n');
        TRY(world.manager.notify("STATUS=" + lines.front()));
        return static_cast<int>(ExitStatus::failure);
    }
    TRY(save_status(world.files, after_rollback(std::move(status), other_set_now(world))));
    TRY(world.manager.notify("READY=1"));
    log::info("the next boot takes the other version");
    return 0;
}

/// One of the commands that exclude each other.
Result<int> run_alone(TharBeUpdates& world, const Options& options)
{
    const auto lock = world.locks.try_lock(lock_path, io::Locking::exclusive);
    if (!lock.has_value() && lock.error().code() == Errc::locked) {
        return static_cast<int>(ExitStatus::locked);
    }
    if (!lock.has_value()) {
        return Failure{lock.error()};
    }
    if (options.command == rollback_command) {
        return roll_back(world);
    }
    TRY_ASSIGN(const auto kind, parse_command(options.command));
    return run_command(world, options, kind);
}

bool was_cut_off(TharBeUpdates& world, const std::string& command)
{
    const auto running = world.files.read(running_path, 64);
    return running.has_value() && *running == command;
}

Result<std::unique_ptr<io::FileLock>> lock_behind_readers(TharBeUpdates& world)
{
    auto lock = world.locks.try_lock(lock_path, io::Locking::exclusive);
    for (int tries = 1; tries < most_tries_for_readers && !lock.has_value() &&
                        lock.error().code() == Errc::locked;
         ++tries) {
        world.clock.sleep(pause_for_readers);
        lock = world.locks.try_lock(lock_path, io::Locking::exclusive);
    }
    return lock;
}

/// After a command that ended by itself, or never began, there is nothing left to do.
Result<int> record_end(TharBeUpdates& world, const std::string& command)
{
    if (!was_cut_off(world, command)) {
        return 0;
    }
    TRY_ASSIGN(const auto lock,
               lock_behind_readers(world).while_("recording how " + command + " ended"));
    if (!was_cut_off(world, command)) {
        return 0; // Another command has begun meanwhile, and its outcome counts.
    }
    TRY_ASSIGN(const auto kind, parse_command(command));
    auto record = record_now(world.clock, kind);
    record.status = CommandStatus::failed;
    record.exit_status = 1;
    const auto result = world.service_result.value_or("success");
    record.stderr_text =
        result == "success" ? "stopped on request" : "ended before it was done: " + result;
    TRY(finish(world, load_status(world.files), record));
    return 0;
}

} // namespace

Result<int> run_thar_be_updates(const std::vector<std::string>& arguments, TharBeUpdates world)
{
    const auto options = parse_options(arguments);
    const bool is_record_end =
        options && options->command == record_end_command && !options->ended.empty();
    const bool is_command = options && (options->command == rollback_command ||
                                        parse_command(options->command).has_value());
    if (!options || options->help || (!is_command && !is_record_end)) {
        const bool asked = options && options->help;
        std::fputs(usage.data(), asked ? stdout : stderr);
        return asked ? 0 : static_cast<int>(ExitStatus::misuse);
    }
    log::set_level(options->level);
    return is_record_end ? record_end(world, options->ended) : run_alone(world, *options);
}

} // namespace holdfast::update
