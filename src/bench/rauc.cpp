#include "bench/rauc.hpp"

#include "bench/machines.hpp"
#include "io/posix/posix_background.hpp"
#include "io/posix/posix_sockets.hpp"
#include "io/posix/posix_system.hpp"
#include "machine/machine.hpp"
#include "machine/partitions.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace holdfast::bench {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

namespace {

/// Class of a slot in RAUC's words, and the partitions of sets A and B that it stands for.
struct Slot {
    std::string_view payload;
    std::string_view partition;
};

constexpr std::array<Slot, 3> slots{
    {{"root", "HOLDFAST-ROOT"}, {"boot", "HOLDFAST-BOOT"}, {"hash", "HOLDFAST-HASH"}}};

constexpr auto install_limit = 600s;

/// Set A is the one that is booted from, as far as RAUC is concerned.
std::string system_configuration()
{
    std::string text = "[system]\ncompatible=bench\nbootloader=noop\nbundle-formats=verity\n"
                       "data-directory=/var/lib/rauc\nmountprefix=/run/rauc\n\n[keyring]\npath=/etc/rauc/ca.pem\n";
    for (const auto& [index, set] : {std::pair{0, 'A'}, std::pair{1, 'B'}}) {
        for (const auto& slot : slots) {
            text += std::format("\n[slot.{}.{}]\ndevice=/dev/disk/by-partlabel/{}-{}\ntype=raw\n",
                                slot.payload, index, slot.partition, set);
            // The other two go with root.
            text += slot.payload == "root" ? std::format("bootname={}\n", set)
                                           : std::format("parent=root.{}\n", index);
        }
    }
    return text;
}

std::string bundle_manifest()
{
    std::string text = "[update]\ncompatible=bench\nversion=2\n\n[bundle]\nformat=verity\n";
    for (const auto& slot : slots) {
        text += std::format("\n[image.{0}]\nfilename={0}.img\nadaptive=block-hash-index\n",
                            slot.payload);
    }
    return text;
}

/// A disc with what the machine's /etc/rauc shall have.
Result<fs::path> make_disc(image::Context& context, const RaucPlan& plan)
{
    const auto content = plan.folder / "disc";
    TRY(context.system.files.create_directories(content));
    TRY(io::replace_file(context.system.files, content / "system.conf", system_configuration()));
    TRY(image::run_tool(context, {"cp", (plan.folder / "certificate.pem").native(),
                                  (content / "ca.pem").native()}));
    auto disc = plan.folder / "disc.iso";
    TRY(image::run_tool(context, {"xorriso", "-as", "mkisofs", "-quiet", "-rock", "-o",
                                  disc.native(), content.native()}));
    return disc;
}

Result<void> install(machine::Console& console, const std::string& url)
{
    TRY(console.wait_for("root@rauc", boot_limit));
    TRY(console.type("\n"));
    TRY(ask_shell(console, "mount -o ro /dev/sr0 /mnt && mkdir -p /etc/rauc /var/lib/rauc && "
                           "cp /mnt/* /etc/rauc/ && modprobe nbd && udevadm settle"));
    // RAUC's network block device goes with its last close. udev reads each new device, and would
    // be the last to close this one where it is done before dm-verity has it. What it reads
    // (1.3 MB) would count as RAUC's, too.
    TRY(ask_shell(console, "udevadm control --stop-exec-queue"));
    TRY(ask_shell(console, "systemd-run --quiet --unit=rauc-bench --property=Type=dbus "
                           "--property=BusName=de.pengutronix.rauc "
                           "/usr/bin/rauc --override-boot-slot=A service"));
    TRY(ask_shell(console, std::format("rauc install {} || {{ journalctl --no-pager -n 30 -u "
                                       "rauc-bench; false; }}",
                                       url),
                  install_limit)
            .while_("installing by RAUC"));
    TRY(ask_shell(console, "sync"));
    return {};
}

/// Errors: `corrupt` where set B does not hold the payloads.
Result<void> expect_installed(image::Context& context, const RaucPlan& plan)
{
    TRY_ASSIGN(const auto disk,
               io::PosixBlockDevice::open(plan.disk, io::PosixBlockDevice::Access::read_only));
    for (const auto& slot : slots) {
        TRY_ASSIGN(const auto wanted,
                   context.system.files.read(plan.payloads / slot.payload, std::size_t{2} << 30));
        TRY_ASSIGN(const auto found,
                   machine::read_bytes(*disk, std::string(slot.partition) + "-B", 0, wanted.size()));
        if (!std::ranges::equal(std::as_bytes(std::span(wanted)), found)) {
            return fail(Errc::corrupt, "RAUC did not install {}", slot.payload);
        }
    }
    return {};
}

} // namespace

DebianMachine rauc_machine()
{
    return {.name = "rauc", .packages = "rauc,rauc-service,systemd-resolved", .services = {}};
}

Result<void> make_rauc_bundle(image::Context& context, const RaucPlan& plan,
                              const fs::path& served)
{
    std::error_code error;
    fs::remove_all(plan.folder, error);
    const auto input = plan.folder / "bundle";
    TRY(context.system.files.create_directories(input));
    TRY(context.system.files.create_directories(served / "rauc"));
    const auto key = (plan.folder / "key.pem").native();
    const auto certificate = (plan.folder / "certificate.pem").native();
    TRY(image::run_tool(context, {"openssl", "req", "-x509", "-newkey", "rsa:3072", "-noenc",
                                  "-days", "30", "-subj", "/CN=bench", "-keyout", key, "-out",
                                  certificate}));
    TRY(io::replace_file(context.system.files, input / "manifest.raucm", bundle_manifest()));
    for (const auto& slot : slots) {
        const auto file = (input / (std::string(slot.payload) + ".img")).native();
        TRY(image::run_tool(context, {"cp", (plan.payloads / slot.payload).native(), file}));
        // The method wants whole blocks.
        TRY(image::run_tool(context, {"truncate", "--size=%4096", file}));
    }
    TRY(image::run_tool(context, {"rauc", "bundle", "--cert=" + certificate, "--key=" + key,
                                  "--mksquashfs-args=-b 64k", input.native(),
                                  (served / "rauc/new.raucb").native()}));
    return {};
}

Result<void> install_rauc_bundle(image::Context& context, const RaucPlan& plan,
                                 const fs::path& image, const machine::WebServer& server)
{
    io::PosixBackground background;
    io::PosixSockets sockets;
    auto& system = context.system;
    const machine::World world{system.files, system.clock, system.processes, background, sockets};
    TRY_ASSIGN(auto options, machine_options(context, image, plan.folder / "machine"));
    options.disks.push_back({.file = plan.disk});
    TRY_ASSIGN(options.cd_rom, make_disc(context, plan));
    TRY_ASSIGN(auto machine, machine::Machine::start(world, options, plan.folder / "machine"));
    auto installed = install(machine.console(), server.url_for_guest() + "/rauc/new.raucb");
    TRY(machine.cut_power());
    TRY(std::move(installed));
    return expect_installed(context, plan);
}

} // namespace holdfast::bench
