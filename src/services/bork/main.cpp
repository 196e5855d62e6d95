#include "io/posix/posix_system.hpp"
#include "io/posix/run_program.hpp"
#include "services/bork/bork.hpp"

#include <cstdio>

namespace {

using namespace holdfast;

Result<int> run(const CommandLine& arguments, io::System& system)
{
    TRY_ASSIGN(const auto text, bork::run(arguments, system.random));
    std::fputs(text.c_str(), stdout);
    return 0;
}

} // namespace

int main(int argc, char** argv)
{
    return run_program(argc, argv, run);
}
