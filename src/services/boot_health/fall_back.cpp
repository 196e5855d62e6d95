#include "services/boot_health/fall_back.hpp"

#include "base/log.hpp"
#include "base/text.hpp"
#include "base/utc_time.hpp"
#include "update/status/sets.hpp"
#include "update/status/status.hpp"
#include "json/json.hpp"

namespace holdfast::boot_health {

namespace {

/// The facts of the boot before this one, if it came as far as PRIVATE, and what the boot manager
/// or its initrd said before they left the set. Our initrd puts both there.
constexpr auto previous_boot_file = "/run/holdfast/previous-boot";
constexpr auto boot_fault_file = "/run/holdfast/boot-fault";
constexpr auto kernel_records = "/sys/fs/pstore";
constexpr std::size_t longest_file = 64U << 10;

std::optional<std::string> read_text(io::Files& files, const std::filesystem::path& path)
{
    auto text = files.read(path, longest_file);
    return text.has_value() && !text->empty() ? std::optional(*std::move(text)) : std::nullopt;
}

Json read_object(io::Files& files, const std::filesystem::path& path)
{
    const auto text = read_text(files, path);
    auto json = text ? parse_json(*text).value_or(Json()) : Json();
    return json.is_object() ? json : Json::object();
}

std::string text_of(const Json& object, const char* key)
{
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

bool is_of_set(std::string_view facts, char set)
{
    return facts.contains(std::string("HOLDFAST_SET=") + set);
}

/// The line of the kernel's last words that says what it was.
std::optional<std::string> find_panic(io::Files& files)
{
    const auto records = files.list(kernel_records);
    if (!records.has_value()) {
        return std::nullopt;
    }
    for (const auto& record : *records) {
        const auto text = read_text(files, std::filesystem::path(kernel_records) / record);
        for (const auto& line : split(text.value_or(""), '\n')) {
            if (const auto at = line.find("Kernel panic"); at != std::string::npos) {
                return line.substr(at);
            }
        }
    }
    return std::nullopt;
}

Evidence gather(io::Files& files, LeftSet left)
{
    Evidence evidence;
    evidence.has_handed_over = left.has_handed_over;
    if (const auto fault = read_text(files, boot_fault_file)) {
        evidence.boot_fault = std::string(trimmed(*fault));
    }
    const auto failure = read_object(files, failure_file);
    if (is_of_set(text_of(failure, "boot"), left.letter)) {
        evidence.judged_reason = text_of(failure, "reason");
        evidence.judged_version = text_of(failure, "version");
    }
    evidence.kernel_panic = find_panic(files);
    evidence.has_reached_private =
        is_of_set(read_text(files, previous_boot_file).value_or(""), left.letter);
    return evidence;
}

} // namespace

std::optional<LeftSet> set_that_was_left(std::string_view signpost_status)
{
    const auto sets = update::parse_sets(signpost_status);
    if (!sets.has_value() || !sets->other) {
        return std::nullopt;
    }
    const auto& other = *sets->other;
    const bool failed = other.priority > 0 && other.tries_left == 0 && !other.successful;
    if (!failed) {
        return std::nullopt;
    }
    return LeftSet{.letter = other.letter,
                   .has_handed_over = other.priority < sets->active.priority};
}

std::string reason_of(const Evidence& evidence)
{
    if (evidence.boot_fault) {
        return *evidence.boot_fault;
    }
    if (evidence.judged_reason) {
        return *evidence.judged_reason;
    }
    if (evidence.kernel_panic) {
        return *evidence.kernel_panic;
    }
    // Who gives way keeps why, above.
    if (evidence.has_handed_over) {
        return "somebody went back to the other set before the boot was judged";
    }
    if (evidence.has_reached_private) {
        return "it started its system, but stopped before the boot was judged: a crash, a hang or "
               "a power cut";
    }
    return "it did not get as far as its own file systems, and left no word: the boot image, the "
           "kernel, the initrd or the verified root failed";
}

void report_fall_back(io::Files& files, io::Clock& clock, std::string_view signpost_status)
{
    const auto left = set_that_was_left(signpost_status);
    if (!left) {
        return;
    }
    const auto staged = read_object(files, update::staged_path);
    const auto known = read_object(files, update::fall_back_path);
    if (!known.empty() && known.value("staged", Json()) == Json(text_of(staged, "when"))) {
        return;
    }
    const auto name = std::string("set ") + static_cast<char>(left->letter - 'a' + 'A');
    const auto evidence = gather(files, *left);
    const auto reason = name + " did not mark itself successful: " + reason_of(evidence);
    // The set may have been written long before the last update was prepared.
    const auto version = evidence.judged_version.empty() ? text_of(staged, "version")
                                                         : evidence.judged_version;
    log::warning("left an update again", {{"version", version}, {"reason", reason}});
    const Json record = {{"reason", reason},
                         {"version", version.empty() ? Json() : Json(version)},
                         {"when", utc_text(std::chrono::floor<std::chrono::seconds>(clock.now()))},
                         {"staged", text_of(staged, "when")}};
    auto kept = io::replace_file(files, update::fall_back_path, to_pretty_text(record) + "\n");
    if (kept.has_value()) {
        kept = files.remove(failure_file); // It must not explain the next one.
    }
    if (!kept.has_value()) {
        log::warning("the reason could not be kept; going on", {{"why", kept.error().message()}});
    }
}

void forget_fall_back(io::Files& files)
{
    for (const auto* path : {update::fall_back_path, failure_file}) {
        if (const auto removed = files.remove(path); !removed.has_value()) {
            log::warning("an old reason stays", {{"why", removed.error().message()}});
        }
    }
}

} // namespace holdfast::boot_health
