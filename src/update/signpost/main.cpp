#include "io/posix/posix_service_manager.hpp"
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
    const auto text = update::run_signpost(arguments, system.files, open_disk);
    if (!text.has_value()) {
        // For who started the unit, if this is one; else there is nobody to tell.
        io::PosixServiceManager manager(system.environment("NOTIFY_SOCKET"));
        static_cast<void>(manager.notify("STATUS=" + text.error().message()).has_value());
        return Failure{text.error()};
    }
    std::fputs(text->c_str(), stdout);
    return 0;
}

} // namespace

int main(int argc, char** argv)
{
    return run_program(argc, argv, run);
}
