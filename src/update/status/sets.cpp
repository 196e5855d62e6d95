#include "update/status/sets.hpp"

#include "base/text.hpp"

#include <charconv>

namespace holdfast::update {

namespace {

/// "2" of "priority=2" in a line of words; empty where there is none.
std::string value_in(std::string_view line, std::string_view key)
{
    for (const auto& word : split(line, ' ')) {
        if (word.starts_with(key) && word.size() > key.size() && word[key.size()] == '=') {
            return word.substr(key.size() + 1);
        }
    }
    return "";
}

std::optional<unsigned> flag_in(std::string_view line, std::string_view key)
{
    const auto text = value_in(line, key);
    unsigned flag = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), flag);
    return problem == std::errc() && end == text.data() + text.size() ? std::optional(flag)
                                                                      : std::nullopt;
}

/// "Set B boot=/dev/vda6 … priority=2 tries_left=0 successful=true"; nothing for "Set B none".
std::optional<BootSet> parse_set(std::string_view line)
{
    const auto priority = flag_in(line, "priority");
    const auto tries_left = flag_in(line, "tries_left");
    const auto successful = value_in(line, "successful");
    if (!priority || !tries_left || (successful != "true" && successful != "false")) {
        return std::nullopt;
    }
    return BootSet{.letter = line.starts_with("Set A") ? 'a' : 'b',
                   .priority = *priority,
                   .tries_left = *tries_left,
                   .successful = successful == "true"};
}

/// What stands behind "Active:" or "Next:"; empty where there is no such line.
std::string answer_to(std::string_view question, const std::vector<std::string>& lines)
{
    for (const auto& line : lines) {
        if (line.starts_with(question)) {
            return std::string(trimmed(std::string_view(line).substr(question.size())));
        }
    }
    return "";
}

} // namespace

Result<BootSets> parse_sets(std::string_view signpost_status)
{
    const auto lines = split(signpost_status, '\n');
    const auto active = answer_to("Active:", lines);
    const auto next = answer_to("Next:", lines);
    std::optional<BootSet> running;
    BootSets sets;
    for (const std::string name : {"Set A", "Set B"}) {
        const auto set = parse_set(name + " " + answer_to(name + ":", lines));
        if (name == active) {
            running = set;
        } else if (set) {
            sets.other = set;
            sets.other_is_next = name == next;
        }
    }
    if (!running) {
        return fail(Errc::invalid, "signpost status does not tell of the set that runs");
    }
    sets.active = *running;
    return sets;
}

} // namespace holdfast::update
