#include "machine/disk.hpp"

#include <format>

namespace holdfast::machine {

namespace {

Result<void> run_tool(io::Processes& processes, std::vector<std::string> arguments)
{
    io::Command command{.arguments = std::move(arguments), .input = {}, .environment = {},
                        .time_limit = std::chrono::minutes{2}};
    TRY(io::run_checked(processes, command));
    return {};
}

} // namespace

Result<void> copy_image(io::Processes& processes, const std::filesystem::path& from,
                        const std::filesystem::path& to)
{
    return run_tool(processes, {"cp", "--reflink=auto", "--sparse=always", from.native(),
                                to.native()});
}

Result<void> grow_image(io::Processes& processes, const std::filesystem::path& image,
                        std::uint64_t size)
{
    return run_tool(processes, {"qemu-img", "resize", "-q", "-f", "raw", image.native(),
                                std::to_string(size)});
}

Result<void> settle_disks(io::Files& files, io::Processes& processes, const Options& options,
                          const StateFiles& state)
{
    for (std::size_t number = 0; number < options.disks.size(); ++number) {
        const auto file = disk_file(options, number, state);
        if (file == options.disks[number].file || !files.exists(file)) {
            continue;
        }
        TRY(run_tool(processes, {"qemu-img", "commit", "-q", "-f", "qcow2", file.native()})
                .while_(std::format("settling {}", options.disks[number].file.native())));
        TRY(files.remove(file));
    }
    return {};
}

Result<void> prepare_disks(io::Files& files, io::Processes& processes, const Options& options,
                           const StateFiles& state)
{
    TRY(settle_disks(files, processes, options, state));
    for (std::size_t number = 0; number < options.disks.size(); ++number) {
        const auto file = disk_file(options, number, state);
        if (file != options.disks[number].file) {
            TRY(run_tool(processes,
                         {"qemu-img", "create", "-q", "-f", "qcow2", "-b",
                          options.disks[number].file.native(), "-F", "raw", file.native()}));
        }
    }
    return {};
}

} // namespace holdfast::machine
