#include "io/processes.hpp"

#include "base/text.hpp"

namespace holdfast::io {

Result<std::string> run_checked(Processes& processes, const Command& command)
{
    TRY_ASSIGN(auto outcome, processes.run(command));
    if (outcome.exit_status != 0) {
        const auto& words = trimmed(outcome.errors).empty() ? outcome.output : outcome.errors;
        return fail(Errc::io, "{} exited with status {}: {}", command.arguments.front(),
                    outcome.exit_status, trimmed(words));
    }
    return std::move(outcome.output);
}

} // namespace holdfast::io
