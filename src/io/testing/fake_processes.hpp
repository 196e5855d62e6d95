#pragma once

#include "io/processes.hpp"

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace holdfast::io {

/// Programs that a test plays. Every command is recorded; the answer is the one whose words the
/// command line begins with, the longest such. A command without an answer is `not_found`, as if
/// the program were not installed.
class FakeProcesses final : public Processes {
public:
    /// `answer("systemctl restart", {})`. Several answers for the same words are given in turn, the
    /// last one for ever.
    void answer(const std::string& first_words, Outcome outcome);
    void answer(const std::string& first_words, Error error);
    /// Called instead, for programs whose effect matters. It stays until it is replaced.
    using Player = std::function<Result<Outcome>(const Command&)>;
    void play(const std::string& first_words, Player player);

    Result<Outcome> run(const Command& command) override;

    const std::vector<Command>& commands() const { return commands_; }
    /// The command lines, words joined by spaces.
    std::vector<std::string> command_lines() const;

private:
    std::map<std::string, std::deque<Player>> answers_;
    std::vector<Command> commands_;
};

} // namespace holdfast::io
