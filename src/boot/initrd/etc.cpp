#include "boot/initrd/kernel.hpp"

#include <climits>
#include <dirent.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

namespace holdfast::initrd {

namespace {

Failure<Fault> fault_copying(const char* name)
{
    const int error_number = errno;
    return fault("copying ", name, " to /etc: ", strerrordesc_np(error_number));
}

/// Owns two directories or files of one copying step.
struct Pair {
    int from = -1;
    int to = -1;
    ~Pair()
    {
        close(from);
        close(to);
    }
};

Result<void> copy_file(int from, int to, const char* name, const struct stat& status)
{
    const Pair files{.from = openat(from, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC),
                     .to = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
                                  status.st_mode & 07777)};
    if (files.from < 0 || files.to < 0) {
        return fault_copying(name);
    }
    for (off_t left = status.st_size; left > 0;) {
        const auto count = sendfile(files.to, files.from, nullptr, static_cast<std::size_t>(left));
        if (count <= 0) {
            return fault_copying(name);
        }
        left -= count;
    }
    return {};
}

Result<void> copy_directory(int from, int to);

Result<void> copy_entry(int from, int to, const char* name)
{
    struct stat status {};
    if (fstatat(from, name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
        return fault_copying(name);
    }
    if (S_ISREG(status.st_mode)) {
        return copy_file(from, to, name, status);
    }
    if (S_ISLNK(status.st_mode)) {
        std::array<char, PATH_MAX> target{};
        if (readlinkat(from, name, target.data(), target.size() - 1) < 0 ||
            symlinkat(target.data(), to, name) != 0) {
            return fault_copying(name);
        }
        return {};
    }
    if (!S_ISDIR(status.st_mode)) {
        return fault("/usr/share/factory/etc holds something odd: ", name);
    }
    if (mkdirat(to, name, status.st_mode & 07777) != 0) {
        return fault_copying(name);
    }
    const Pair directories{.from = openat(from, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
                           .to = openat(to, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (directories.from < 0 || directories.to < 0) {
        return fault_copying(name);
    }
    return copy_directory(directories.from, directories.to);
}

Result<void> copy_directory(int from, int to)
{
    DIR* directory = fdopendir(dup(from));
    if (directory == nullptr) {
        return fault_copying("the factory's files");
    }
    while (const auto* entry = readdir(directory)) {
        const std::string_view name = entry->d_name;
        if (name == "." || name == "..") {
            continue;
        }
        // A fault ends in a reboot, so nobody misses the directory that stays open.
        TRY(copy_entry(from, to, entry->d_name));
    }
    closedir(directory);
    return {};
}

} // namespace

Result<void> fill_etc()
{
    if (mount("tmpfs", "/sysroot/etc", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME,
              "mode=755,size=5%") != 0) {
        return fault("mounting /etc: ", strerrordesc_np(errno));
    }
    const Pair directories{
        .from = open("/sysroot/usr/share/factory/etc", O_RDONLY | O_DIRECTORY | O_CLOEXEC),
        .to = open("/sysroot/etc", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (directories.from < 0 || directories.to < 0) {
        return fault_copying("the factory's files");
    }
    return copy_directory(directories.from, directories.to);
}

} // namespace holdfast::initrd
