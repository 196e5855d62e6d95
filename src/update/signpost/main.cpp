#include "io/posix/posix_system.hpp"
#include "io/posix/run_program.hpp"
#include "update/signpost/program.hpp"

#include <cstdio>

namespace {

using namespace holdfast;

Result<std::unique_ptr<io::BlockDevice>> open_disk(const std::filesystem::path& device,
                                                   update::DiskUse use)
{
    using Access = io::PosixBlockDevice::Access;
    const auto access = use == update::DiskUse::look ? Access::read_only : Access::exclusive;
    TRY_ASSIGN(auto disk, io::PosixBlockDevice::open(device, access));
    return disk;
}

Result<int> run(const CommandLine& arguments, io::System& system)
{
    TRY_ASSIGN(const auto text, update::run_signpost(arguments, system.files, open_disk));
    std::fputs(text.c_str(), stdout);
    return 0;
}

} // namespace

int main(int argc, char** argv)
{
    return run_program(argc, argv, run);
}
