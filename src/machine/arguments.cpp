#include "machine/arguments.hpp"

#include <format>

namespace holdfast::machine {

namespace {

using Arguments = std::vector<std::string>;

/// QEMU splits its options at commas; a comma inside a value is written twice.
std::string quoted(const std::filesystem::path& path)
{
    std::string text;
    for (const char c : path.native()) {
        text += c;
        if (c == ',') {
            text += c;
        }
    }
    return text;
}

void add(Arguments& arguments, std::string option, std::string value)
{
    arguments.push_back(std::move(option));
    arguments.push_back(std::move(value));
}

void add_firmware(Arguments& arguments, const Options& options, const StateFiles& state)
{
    add(arguments, "-drive",
        std::format("if=pflash,unit=0,format=raw,readonly=on,file={}",
                    quoted(options.firmware.code)));
    add(arguments, "-drive",
        std::format("if=pflash,unit=1,format=raw,file={}", quoted(state.variables)));
    if (options.firmware.secure_boot == Firmware::SecureBoot::yes) {
        // Only code in system management mode may change the variables then.
        add(arguments, "-global", "driver=cfi.pflash01,property=secure,value=on");
        add(arguments, "-global", "ICH9-LPC.disable_s3=1");
    }
}

std::string_view device_model(Disk::Bus bus)
{
    switch (bus) {
    case Disk::Bus::virtio: return "virtio-blk-pci";
    case Disk::Bus::nvme: return "nvme";
    case Disk::Bus::sata: return "ide-hd"; // On the machine's own AHCI controller.
    }
    return {};
}

void add_disks(Arguments& arguments, const Options& options, const StateFiles& state)
{
    for (std::size_t number = 0; number < options.disks.size(); ++number) {
        const auto& disk = options.disks[number];
        const bool overlaid = disk.power_loss == PowerLoss::loses_unflushed;
        // The guest's flushes stay flushes (cache.no-flush=off): tests cut the power.
        add(arguments, "-blockdev",
            std::format("driver=file,node-name=file{0},filename={1},cache.direct=off,"
                        "cache.no-flush=off,discard=unmap",
                        number, quoted(disk_file(options, number, state))));
        add(arguments, "-blockdev",
            std::format("driver={1},node-name=disk{0},file=file{0},discard=unmap", number,
                        overlaid ? "qcow2" : "raw"));
        add(arguments, "-device",
            std::format("{1},id=drive{0},drive=disk{0},bootindex={0},serial=disk{0}", number,
                        device_model(disk.bus)));
    }
}

void add_network(Arguments& arguments, const Options& options)
{
    std::string user = "user,id=net0";
    for (const auto& forward : options.forwards) {
        user += std::format(",hostfwd=tcp:127.0.0.1:{}-:{}", forward.host, forward.guest);
    }
    add(arguments, "-netdev", user);
    // No option ROM: nothing here boots from the network, and OVMF would offer to.
    add(arguments, "-device", "virtio-net-pci,netdev=net0,mac=52:54:00:00:00:01,romfile=");
    if (options.peer) {
        add(arguments, "-netdev",
            std::format("dgram,id=net1,local.type=unix,local.path={},remote.type=unix,"
                        "remote.path={}",
                        quoted(options.peer->own), quoted(options.peer->other)));
        // An address for each end: QEMU would give both machines the same.
        add(arguments, "-device",
            std::format("virtio-net-pci,netdev=net1,mac=52:54:00:00:00:0{},romfile=",
                        options.peer->own < options.peer->other ? 2 : 3));
    }
}

void add_channels(Arguments& arguments, const StateFiles& state)
{
    add(arguments, "-chardev",
        std::format("socket,id=console,path={},server=on,wait=off,logfile={},logappend=on",
                    quoted(state.console_socket), quoted(state.console_log)));
    add(arguments, "-serial", "chardev:console");
    for (const auto& socket : {state.control_socket, state.visitor_socket}) {
        add(arguments, "-qmp", std::format("unix:{},server=on,wait=off", quoted(socket)));
    }
}

} // namespace

std::filesystem::path disk_file(const Options& options, std::size_t number,
                                const StateFiles& state)
{
    const auto& disk = options.disks.at(number);
    return disk.power_loss == PowerLoss::loses_unflushed
               ? state.directory / std::format("disk{}.overlay.qcow2", number)
               : disk.file;
}

std::vector<std::string> qemu_arguments(const Options& options, const StateFiles& state)
{
    const bool secure = options.firmware.secure_boot == Firmware::SecureBoot::yes;
    Arguments arguments{"qemu-system-x86_64", "-nodefaults", "-no-user-config"};
    add(arguments, "-display", "none");
    add(arguments, "-machine", std::format("q35,smm={}", secure ? "on" : "off"));
    add(arguments, "-accel", qemu_option(options.accelerator));
    add(arguments, "-cpu", "max");
    add(arguments, "-smp", std::to_string(options.cpus));
    add(arguments, "-m", std::format("{}M", options.memory_mib));
    add_firmware(arguments, options, state);
    add_disks(arguments, options, state);
    if (options.cd_rom) {
        add(arguments, "-blockdev",
            std::format("driver=file,node-name=cd,read-only=on,filename={}",
                        quoted(*options.cd_rom)));
        add(arguments, "-device", "ide-cd,drive=cd");
    }
    for (const auto& [name, file] : options.firmware_config) {
        add(arguments, "-fw_cfg", std::format("name={},file={}", name, quoted(file)));
    }
    add_network(arguments, options);
    add(arguments, "-device", "virtio-rng-pci");
    add(arguments, "-device", "i6300esb");
    add(arguments, "-action", "watchdog=reset");
    add_channels(arguments, state);
    return arguments;
}

} // namespace holdfast::machine
