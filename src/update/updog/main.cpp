#include "io/posix/run_program.hpp"
#include "update/agent/updog.hpp"
#include "update/updog/system_sets.hpp"
#include "update/updog/tuf_source.hpp"

#include <cstdio>

namespace {

using namespace holdfast;
using namespace holdfast::update;

Result<int> run(const CommandLine& arguments, io::System& system)
{
    const auto fill_set = [&](const Release& release, io::HttpClient& http,
                              const ProgressSink& report) {
        return fill_inactive_set(system.files, release, http, report);
    };
    TRY_ASSIGN(
        const auto result,
        run_updog(arguments, {.files = system.files,
                              .clock = system.clock,
                              .processes = system.processes,
                              .open_source =
                                  [&](const UpdogConfig& config, std::string query) {
                                      return TufSource::open(config, std::move(query), system.files,
                                                             system.clock, fill_set);
                                  },
                              .open_boot_choice = [&]() -> Result<std::unique_ptr<BootChoice>> {
                                  return std::make_unique<SystemBootChoice>(system.files);
                              }}));
    std::fputs(result.notes.c_str(), stderr);
    if (std::fputs(result.output.c_str(), stdout) < 0 || std::fflush(stdout) != 0) {
        return fail(Errc::io, "standard output cannot be written");
    }
    return result.exit_status;
}

} // namespace

int main(int argc, char** argv)
{
    return run_program(argc, argv, run);
}
