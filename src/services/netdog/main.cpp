#include "io/posix/posix_addresses.hpp"
#include "io/posix/run_program.hpp"
#include "services/netdog/netdog.hpp"

namespace {

holdfast::Result<int> run(const holdfast::CommandLine& arguments, holdfast::io::System& system)
{
    holdfast::io::PosixAddresses addresses;
    return holdfast::netdog::run(arguments,
                                 {system.files, system.clock, system.random, addresses});
}

} // namespace

int main(int argc, char** argv)
{
    return holdfast::run_program(argc, argv, run);
}
