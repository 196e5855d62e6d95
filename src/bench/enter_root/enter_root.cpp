#include "bench/enter_root/enter_root.hpp"

#include "io/posix/posix_system.hpp"

#include <array>
#include <cerrno>
#include <filesystem>
#include <sys/mount.h>
#include <unistd.h>

namespace holdfast::bench {

namespace fs = std::filesystem;

namespace {

Result<void> mount_on(const char* type, const fs::path& source, const fs::path& target,
                      unsigned long flags = 0)
{
    if (::mount(source.c_str(), target.c_str(), type, flags, nullptr) != 0) {
        return fail_errno("mounting on " + target.native(), errno);
    }
    return {};
}

Result<void> make_read_only(const fs::path& folder)
{
    TRY(mount_on(nullptr, folder, folder, MS_BIND));
    return mount_on(nullptr, "none", folder, MS_BIND | MS_REMOUNT | MS_RDONLY);
}

/// Devices that make no difference to the machine outside.
Result<void> make_devices(const fs::path& dev)
{
    TRY(mount_on("tmpfs", "tmpfs", dev));
    for (const std::string name : {"null", "zero", "full", "random", "urandom"}) {
        io::PosixFiles files;
        TRY(io::replace_file(files, dev / name, ""));
        TRY(mount_on(nullptr, "/dev/" + name, dev / name, MS_BIND));
    }
    const std::array<std::pair<const char*, const char*>, 4> links{
        {{"fd", "/proc/self/fd"}, {"stdin", "fd/0"}, {"stdout", "fd/1"}, {"stderr", "fd/2"}}};
    for (const auto& [name, target] : links) {
        if (::symlink(target, (dev / name).c_str()) != 0) {
            return fail_errno("linking " + (dev / name).native(), errno);
        }
    }
    return {};
}

Result<void> make_root(const fs::path& tree, const fs::path& run)
{
    TRY(mount_on(nullptr, tree, tree, MS_BIND));
    TRY(mount_on("proc", "proc", tree / "proc"));
    TRY(make_read_only(tree / "proc/sys"));
    TRY(mount_on("sysfs", "sysfs", tree / "sys", MS_RDONLY));
    TRY(mount_on("cgroup2", "cgroup2", tree / "sys/fs/cgroup"));
    TRY(make_devices(tree / "dev"));
    TRY(mount_on(nullptr, run, tree / "run", MS_BIND));
    for (const auto* folder : {"etc", "tmp", "var", "local"}) {
        TRY(mount_on("tmpfs", "tmpfs", tree / folder));
    }
    return {};
}

/// As the initrd does, from the factory.
Result<void> fill_etc(io::Processes& processes, const fs::path& tree)
{
    TRY(io::run_checked(processes, {.arguments = {"cp", "--archive",
                                                  (tree / "usr/share/factory/etc/.").native(),
                                                  (tree / "etc").native()}}));
    return {};
}

/// Returns only when it fails.
Failure<Error> become(const fs::path& tree, const std::vector<std::string>& command)
{
    if (::chroot(tree.c_str()) != 0 || ::chdir("/") != 0) {
        return fail_errno("entering " + tree.native(), errno);
    }
    std::vector<char*> words;
    auto copies = command;
    for (auto& word : copies) {
        words.push_back(word.data());
    }
    words.push_back(nullptr);
    // systemd asks for it, to know that the kernel is not its own.
    std::string container = "container=bench";
    std::string path = "PATH=/usr/bin:/usr/sbin";
    const std::array<char*, 3> environment{container.data(), path.data(), nullptr};
    ::execve(words.front(), words.data(), environment.data());
    return fail_errno("starting " + command.front(), errno);
}

} // namespace

Result<int> run_enter_root(const std::vector<std::string>& arguments, io::System& system)
{
    if (arguments.size() < 3) {
        return fail(Errc::invalid, "enter-root TREE RUN PROGRAM [ARGUMENT …]");
    }
    const fs::path tree = arguments[0];
    TRY(make_root(tree, arguments[1]));
    TRY(fill_etc(system.processes, tree));
    return become(tree, {arguments.begin() + 2, arguments.end()});
}

} // namespace holdfast::bench
