#include "io/posix/posix_service_manager.hpp"
#include "io/posix/posix_sockets.hpp"
#include "io/posix/run_program.hpp"
#include "services/boot_health/boot_health.hpp"

namespace {

holdfast::Result<int> run(const holdfast::CommandLine& arguments, holdfast::io::System& system)
{
    holdfast::io::PosixSockets sockets;
    holdfast::io::PosixServiceManager manager(system.environment("NOTIFY_SOCKET"));
    return holdfast::boot_health::run(
        arguments, {system.files, system.clock, system.processes, sockets, manager});
}

} // namespace

int main(int argc, char** argv)
{
    return holdfast::run_program(argc, argv, run);
}
