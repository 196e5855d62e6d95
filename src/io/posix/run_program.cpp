#include "io/posix/run_program.hpp"

#include "base/log.hpp"
#include "io/posix/posix_system.hpp"

#include <csignal>
#include <cstdlib>
#include <exception>

namespace holdfast {

namespace {

std::optional<std::string> environment_variable(const char* name)
{
    const char* value = std::getenv(name);
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

} // namespace

int run_program(int argc, char** argv, ProgramFunction run)
{
    // A peer that closes its end is an error of write(2), not the end of this program.
    std::signal(SIGPIPE, SIG_IGN);
    log::set_journal_prefix(environment_variable("JOURNAL_STREAM").has_value());
    io::PosixFiles files;
    io::PosixClock clock;
    io::PosixRandom random;
    io::PosixProcesses processes;
    io::System system{files, clock, random, processes, environment_variable};
    try {
        const CommandLine arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
        auto status = run(arguments, system);
        if (status.has_value()) {
            return *status;
        }
        log::error(status.error().message());
    } catch (const std::exception& problem) {
        log::error("unexpected exception", {{"what", problem.what()}});
    }
    return 1;
}

} // namespace holdfast
