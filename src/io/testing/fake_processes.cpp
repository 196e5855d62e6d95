#include "io/testing/fake_processes.hpp"

#include "base/text.hpp"

namespace holdfast::io {

void FakeProcesses::answer(const std::string& first_words, Outcome outcome)
{
    answers_[first_words].push_back([outcome](const Command&) { return outcome; });
}

void FakeProcesses::answer(const std::string& first_words, Error error)
{
    answers_[first_words].push_back(
        [error](const Command&) -> Result<Outcome> { return Failure{error}; });
}

void FakeProcesses::play(const std::string& first_words, Player player)
{
    answers_[first_words] = {std::move(player)};
}

Result<Outcome> FakeProcesses::run(const Command& command)
{
    check(!command.arguments.empty(), "a command has a program");
    commands_.push_back(command);
    const auto line = join(command.arguments, " ");
    std::deque<Player>* best = nullptr;
    std::size_t best_length = 0;
    for (auto& [words, players] : answers_) {
        // Whole words: "ip" must not answer for "iptables".
        if ((line + " ").starts_with(words + " ") && words.size() >= best_length) {
            best = &players;
            best_length = words.size();
        }
    }
    if (best == nullptr) {
        return fail(Errc::not_found, "starting {}: no answer was scripted for \"{}\"",
                    command.arguments.front(), line);
    }
    const auto player = best->front();
    if (best->size() > 1) {
        best->pop_front();
    }
    return player(command);
}

std::vector<std::string> FakeProcesses::command_lines() const
{
    std::vector<std::string> lines;
    for (const auto& command : commands_) {
        lines.push_back(join(command.arguments, " "));
    }
    return lines;
}

} // namespace holdfast::io
