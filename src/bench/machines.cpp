#include "bench/machines.hpp"

#include "machine/accelerator.hpp"
#include "machine/disk.hpp"

namespace holdfast::bench {

Result<machine::Options> machine_options(image::Context& context,
                                         const std::filesystem::path& image,
                                         const std::filesystem::path& folder)
{
    auto& system = context.system;
    std::error_code error;
    std::filesystem::remove_all(folder, error);
    TRY(system.files.create_directories(folder));
    machine::Options options;
    TRY_ASSIGN(options.accelerator,
               machine::choose_accelerator(system.files, system.processes,
                                           system.environment("HOLDFAST_ACCEL"), context.cache));
    options.disks.push_back({.file = folder / "disk.img"});
    TRY(machine::copy_image(system.processes, image, folder / "disk.img"));
    TRY(machine::grow_image(system.processes, folder / "disk.img", std::uint64_t{4} << 30U));
    return options;
}

Result<std::string> ask_shell(machine::Console& console, const std::string& command,
                              std::chrono::seconds limit)
{
    TRY_ASSIGN(const auto answer, console.ask_shell(command, limit));
    if (answer.exit_status != 0) {
        return fail(Errc::io, "{}: {}", command, answer.output);
    }
    return answer.output;
}

} // namespace holdfast::bench
