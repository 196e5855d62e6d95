#include "io/posix/posix_file_locks.hpp"
#include "io/posix/posix_service_manager.hpp"
#include "io/posix/run_program.hpp"
#include "update/agent/thar_be_updates.hpp"

namespace {

using namespace holdfast;

Result<int> run(const CommandLine& arguments, io::System& system)
{
    io::PosixFileLocks locks;
    io::PosixServiceManager manager(system.environment("NOTIFY_SOCKET"));
    return update::run_thar_be_updates(arguments,
                                       {system.files, system.clock, system.processes, locks,
                                        manager, system.environment("SERVICE_RESULT")});
}

} // namespace

int main(int argc, char** argv)
{
    return run_program(argc, argv, run);
}
