#include "bench/debian.hpp"

#include "base/text.hpp"

#include <filesystem>

namespace holdfast::bench {

namespace fs = std::filesystem;

namespace {

constexpr auto recipe_version = "2";
constexpr auto kernel_options =
    "root=PARTLABEL=root rw console=ttyS0,115200n8 systemd.show_status=true quiet";

/// What makes a machine of a root tree.
constexpr auto base_packages = "systemd-sysv,udev,dbus,linux-image-cloud-amd64,initramfs-tools,kmod,"
                               "iproute2,ca-certificates,util-linux,login,procps,e2fsprogs";

struct Files {
    fs::path work;
    fs::path root;
    fs::path esp;
    fs::path root_image;
    fs::path image;
};

Result<void> write_configuration(image::Context& context, const std::string& name,
                                 const fs::path& root)
{
    auto& files = context.system.files;
    const auto login = root / "etc/systemd/system/serial-getty@ttyS0.service.d";
    TRY(files.create_directories(login));
    TRY(io::replace_file(files, login / "autologin.conf",
                         "[Service]\nExecStart=\n"
                         "ExecStart=-/sbin/agetty --autologin root --noclear %I $TERM\n"));
    TRY(io::replace_file(files, root / "etc/systemd/network/80-dhcp.network",
                         "[Match]\nType=ether\n[Network]\nDHCP=yes\n"));
    TRY(io::replace_file(files, root / "etc/hostname", name + "\n"));
    return io::replace_file(files, root / "etc/fstab", "PARTLABEL=root / ext4 defaults 0 1\n");
}

Result<void> make_root(image::Context& context, const DebianMachine& machine, const Files& files)
{
    const auto source = std::format(
        "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] {} {} main",
        context.mirror, image::released_suite);
    TRY(image::run_tool(context, {"mmdebstrap", "--mode=root", "--variant=minbase",
                                  "--format=directory",
                                  std::format("--include={},{}", base_packages, machine.packages),
                                  "--aptopt=APT::Install-Recommends \"false\"", image::released_suite,
                                  files.root.native(), source})
            .while_("making a Debian machine"));
    TRY(write_configuration(context, machine.name, files.root));
    std::vector<std::string> enable{"chroot", files.root.native(), "systemctl", "enable",
                                    "systemd-networkd"};
    enable.insert(enable.end(), machine.services.begin(), machine.services.end());
    TRY(image::run_tool(context, std::move(enable)));
    TRY(image::run_tool(context, {"chroot", files.root.native(), "passwd", "--delete", "root"}));
    return {};
}

/// The name of the one file in a folder that starts with `prefix`.
Result<std::string> find_name(image::Context& context, const fs::path& folder,
                              std::string_view prefix)
{
    TRY_ASSIGN(const auto names, context.system.files.list(folder));
    for (const auto& name : names) {
        if (name.starts_with(prefix)) {
            return name;
        }
    }
    return fail(Errc::not_found, "{} has no {}*", folder.native(), prefix);
}

Result<void> make_esp(image::Context& context, const Files& files)
{
    auto& io = context.system.files;
    TRY_ASSIGN(const auto kernel, find_name(context, files.root / "boot", "vmlinuz-"));
    TRY_ASSIGN(const auto initrd, find_name(context, files.root / "boot", "initrd.img-"));
    TRY(io::replace_file(io, files.work / "loader.conf", "timeout 0\ndefault debian.conf\n"));
    TRY(io::replace_file(io, files.work / "debian.conf",
                         std::format("title Debian\nlinux /vmlinuz\ninitrd /initrd.img\n"
                                     "options {}\n",
                                     kernel_options)));
    const auto esp = files.esp.native();
    TRY(image::run_tool(context, {"truncate", "--size=256M", esp}));
    TRY(image::run_tool(context, {"mformat", "-i", esp, "-F", "-v", "ESP", "::"}));
    TRY(image::run_tool(context, {"mmd", "-i", esp, "::/EFI", "::/EFI/BOOT", "::/loader",
                                  "::/loader/entries"}));
    const std::vector<std::pair<std::string, std::string>> copies{
        {"/usr/lib/systemd/boot/efi/systemd-bootx64.efi", "::/EFI/BOOT/BOOTX64.EFI"},
        {(files.root / "boot" / kernel).native(), "::/vmlinuz"},
        {(files.root / "boot" / initrd).native(), "::/initrd.img"},
        {(files.work / "loader.conf").native(), "::/loader/loader.conf"},
        {(files.work / "debian.conf").native(), "::/loader/entries/debian.conf"}};
    for (const auto& [from, to] : copies) {
        TRY(image::run_tool(context, {"mcopy", "-i", esp, from, to}));
    }
    return {};
}

Result<void> make_disk(image::Context& context, const Files& files)
{
    TRY(image::run_tool(context, {"truncate", "--size=3G", files.root_image.native()}));
    TRY(image::run_tool(context, {"mke2fs", "-q", "-t", "ext4", "-d", files.root.native(),
                                  files.root_image.native()}));
    const auto draft = files.image.native() + ".new";
    TRY(image::run_tool(context, {"truncate", "--size=3400M", draft}));
    TRY(image::run_tool(context,
                        {"sgdisk", "--new=1:0:+256M", "--typecode=1:ef00", "--new=2:0:+3072M",
                         "--typecode=2:8304", "--change-name=2:root", draft}));
    TRY(image::run_tool(context, {"dd", "if=" + files.esp.native(), "of=" + draft, "bs=1M",
                                  "seek=1", "conv=notrunc,sparse", "status=none"}));
    TRY(image::run_tool(context, {"dd", "if=" + files.root_image.native(), "of=" + draft, "bs=1M",
                                  "seek=257", "conv=notrunc,sparse", "status=none"}));
    return context.system.files.rename(draft, files.image);
}

} // namespace

DebianMachine containerd_peer()
{
    return {.name = "peer",
            .packages = "containerd,runc,chrony,systemd-resolved",
            .services = {"containerd", "chrony"}};
}

Result<fs::path> make_debian_image(image::Context& context, const DebianMachine& machine)
{
    const auto work = context.cache / machine.name;
    const Files files{.work = work,
                      .root = work / "root",
                      .esp = work / "esp.fat",
                      .root_image = work / "root.ext4",
                      .image = work / "disk.img"};
    image::Key key;
    key.add(recipe_version).add(base_packages).add(machine.packages).add(machine.services);
    key.add(kernel_options).add(context.mirror);
    const auto hex = key.hex();
    if (image::is_current(context, files.image, hex)) {
        return files.image;
    }
    const image::Step step(context, std::format("make a Debian 13 with {}", machine.packages));
    std::error_code error;
    fs::remove_all(work, error);
    TRY(context.system.files.create_directories(work));
    TRY(make_root(context, machine, files));
    TRY(make_esp(context, files));
    TRY(make_disk(context, files));
    fs::remove_all(files.root, error);
    TRY(context.system.files.remove(files.root_image));
    TRY(image::mark_current(context, files.image, hex));
    return files.image;
}

} // namespace holdfast::bench
