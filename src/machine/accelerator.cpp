#include "machine/accelerator.hpp"

#include "base/log.hpp"
#include "base/text.hpp"
#include "machine/probe_boot_sector.hpp"

#include <format>
#include <unistd.h>

namespace holdfast::machine {

namespace {

constexpr std::size_t probe_disk_size = 1U << 20;

Result<Accelerator> parse(std::string_view text)
{
    if (text == "kvm") {
        return Accelerator::kvm;
    }
    if (text == "tcg") {
        return Accelerator::tcg;
    }
    return fail(Errc::invalid, "HOLDFAST_ACCEL is {}: expected kvm or tcg", text);
}

/// What the answer depends on: both sides of the KVM interface.
Result<std::string> cache_key(io::Files& files, io::Processes& processes)
{
    TRY_ASSIGN(const auto kernel, files.read("/proc/sys/kernel/osrelease"));
    io::Command ask{.arguments = {"qemu-system-x86_64", "--version"}, .input = {},
                    .environment = {}, .time_limit = std::chrono::seconds{10}};
    TRY_ASSIGN(const auto version, io::run_checked(processes, ask));
    return std::format("{} / {}", trimmed(kernel), trimmed(split(version, '\n').front()));
}

std::optional<Accelerator> cached_answer(io::Files& files, const std::filesystem::path& cache,
                                         std::string_view key)
{
    const auto text = files.read(cache, 4096);
    if (!text) {
        return std::nullopt;
    }
    const auto lines = split(*text, '\n');
    if (lines.size() < 2 || lines[0] != key) {
        return std::nullopt;
    }
    const auto accelerator = parse(lines[1]);
    return accelerator ? std::optional(*accelerator) : std::nullopt;
}

/// What QEMU says where the user may not open the device, or other machines have all its memory.
constexpr std::string_view not_opened = "Could not access KVM kernel module";

/// Boots the probe under KVM. Anything but its answer means that KVM is not to be used; nothing, that
/// this may be otherwise next time.
Result<std::optional<bool>> kvm_works(io::Files& files, io::Processes& processes,
                                      const std::filesystem::path& directory)
{
    // Several may ask at a time.
    const auto disk = directory / std::format("kvm-probe.{}.img", ::getpid());
    TRY(files.remove(disk));
    TRY_ASSIGN(auto file, files.create(disk));
    TRY(file->write_all(probe_boot_sector()));
    TRY(file->write_all(std::string(probe_disk_size - probe_boot_sector().size(), '\0')));
    // The same processor model and board as in `qemu_arguments`: a feature that this KVM offers and
    // cannot hold would otherwise show only later.
    io::Command boot{.arguments = {"qemu-system-x86_64", "-accel", "kvm", "-cpu", "max", "-machine",
                                   "q35", "-m", "64", "-nodefaults", "-display", "none",
                                   "-no-reboot", "-drive",
                                   std::format("file={},format=raw,if=virtio", disk.native()),
                                   "-device", "isa-debug-exit,iobase=0xf4,iosize=4"},
                     .input = {},
                     .environment = {},
                     .time_limit = std::chrono::seconds{5}};
    const auto outcome = processes.run(boot);
    TRY(files.remove(disk));
    if (!outcome.has_value() || outcome->errors.contains(not_opened)) {
        return std::nullopt;
    }
    return outcome->exit_status == probe_answer;
}

} // namespace

std::string_view name(Accelerator accelerator)
{
    return accelerator == Accelerator::kvm ? "kvm" : "tcg";
}

std::string qemu_option(Accelerator accelerator)
{
    return accelerator == Accelerator::kvm ? "kvm" : "tcg,thread=multi";
}

Result<Accelerator> choose_accelerator(io::Files& files, io::Processes& processes,
                                       const std::optional<std::string>& wish,
                                       const std::filesystem::path& cache_directory)
{
    if (wish && !wish->empty()) {
        return parse(*wish);
    }
    if (!files.exists("/dev/kvm")) {
        return Accelerator::tcg;
    }
    TRY_ASSIGN(const auto key, cache_key(files, processes));
    const auto cache = cache_directory / "accelerator";
    if (const auto known = cached_answer(files, cache, key)) {
        return *known;
    }
    TRY(files.create_directories(cache_directory));
    TRY_ASSIGN(const auto works, kvm_works(files, processes, cache_directory)
                                     .while_("finding out whether KVM works"));
    const auto answer = works == true ? Accelerator::kvm : Accelerator::tcg;
    if (works != true) {
        log::warning("KVM is there but does not work; emulating the processor instead");
    }
    if (!works) {
        return answer; // Asked again: it hung, or this user may not use it yet.
    }
    if (auto kept = io::replace_file(files, cache, std::format("{}\n{}\n", key, name(answer)));
        !kept) {
        log::warning("could not remember whether KVM works", {{"why", kept.error().message()}});
    }
    return answer;
}

} // namespace holdfast::machine
