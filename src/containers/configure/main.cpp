#include "containers/configure/host_containers.hpp"
#include "io/posix/run_program.hpp"

namespace {

holdfast::Result<int> run(const holdfast::CommandLine& /*arguments*/, holdfast::io::System& system)
{
    TRY(holdfast::containers::configure_host_containers(
        system.environment("CHANGED_SETTINGS").value_or(""), system.files, system.processes));
    return 0;
}

} // namespace

int main(int argc, char** argv)
{
    return holdfast::run_program(argc, argv, run);
}
