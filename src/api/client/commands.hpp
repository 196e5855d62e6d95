#pragma once

#include "api/client/client.hpp"
#include "io/clock.hpp"
#include "io/random.hpp"
#include "json/json.hpp"

#include <functional>
#include <span>
#include <string>

namespace holdfast::api {

/// What the subcommands work with.
struct Surroundings {
    Client& client;
    io::Random& random;
    io::Files& files;
    io::Network& network;
    /// Standard input to its end. Errors: `io`, `too_large`.
    std::function<Result<std::string>()> standard_input;
    io::Clock& clock;
    /// Shows a line that is drawn over and over; empty where no person looks on.
    std::function<void(std::string_view)> show_progress = {};
};

/// What a subcommand came to.
struct CommandResult {
    std::string output; ///< For standard output.
    std::string notes;  ///< For standard error.
};

/// The command line does not make sense: usage, exit status 2.
struct Misuse {
    std::string message;
};

/// A subcommand fails by misuse or by an error.
struct CommandProblem {
    std::variant<Misuse, Error> why;
    CommandProblem(Misuse misuse) : why(std::move(misuse)) {}
    CommandProblem(Error error) : why(std::move(error)) {}
};
using CommandOutcome = Fallible<CommandResult, CommandProblem>;

using Arguments = std::span<const std::string>;

CommandOutcome run_raw(Surroundings& world, Arguments arguments);
CommandOutcome run_get(Surroundings& world, Arguments arguments);
CommandOutcome run_set(Surroundings& world, Arguments arguments);
CommandOutcome run_unset(Surroundings& world, Arguments arguments);
CommandOutcome run_apply(Surroundings& world, Arguments arguments);
CommandOutcome run_reboot(Surroundings& world, Arguments arguments);
CommandOutcome run_update(Surroundings& world, Arguments arguments);

/// The subcommand by its name; null for an unknown one.
CommandOutcome (*find_command(std::string_view name))(Surroundings&, Arguments);

// Shared by the subcommands.

Failure<Misuse> misuse(std::string message);
/// One line, drawn over the one before, for what GET /updates/progress says.
std::string progress_bar(const Json& progress);
/// The body of a PATCH below this path.
struct Patch {
    std::string path;
    std::string body;
};
/// Makes all the changes in one transaction of its own and applies them, or none: what is refused
/// leaves nothing pending. Errors: the server's reason.
Result<void> change_settings(Surroundings& world, std::string_view purpose,
                             const std::vector<Patch>& patches);
/// "apiclient-set-" and 16 random letters and digits.
std::string new_transaction(io::Random& random, std::string_view purpose);
/// The document at an input URI. Errors: `invalid` for a URI of another kind, `io`, `too_large`.
Result<std::string> read_source(Surroundings& world, const std::string& uri);

} // namespace holdfast::api
