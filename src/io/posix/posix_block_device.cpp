#include "io/posix/posix_system.hpp"

#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <format>
#include <linux/fs.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <thread>

namespace holdfast::io {

namespace {

/// udev holds the lock too, for moments, while it looks at a disk that changed; so this waits.
Result<void> lock(const UniqueFd& fd, const std::filesystem::path& path)
{
    constexpr auto pause = std::chrono::milliseconds{50};
    constexpr int attempts = 200;
    for (int attempt = 0; attempt < attempts; ++attempt) {
        if (::flock(fd.get(), LOCK_EX | LOCK_NB) == 0) {
            return {};
        }
        if (errno != EWOULDBLOCK && errno != EINTR) {
            return fail_errno(std::format("locking {}", path.native()), errno);
        }
        std::this_thread::sleep_for(pause);
    }
    return fail(Errc::locked, "another program is changing {}", path.native());
}

} // namespace

Result<std::unique_ptr<PosixBlockDevice>> PosixBlockDevice::open(const std::filesystem::path& path,
                                                                 Access access)
{
    const int mode = access == Access::read_only ? O_RDONLY : O_RDWR;
    UniqueFd fd(::open(path.c_str(), mode | O_CLOEXEC));
    if (!fd) {
        return fail_errno(std::format("opening {}", path.native()), errno);
    }
    if (access == Access::exclusive) {
        TRY(lock(fd, path));
    }
    struct stat status{};
    if (::fstat(fd.get(), &status) != 0) {
        return fail_errno(std::format("inspecting {}", path.native()), errno);
    }
    std::uint32_t sector_size = 512;
    std::uint64_t size = static_cast<std::uint64_t>(status.st_size);
    if (S_ISBLK(status.st_mode)) {
        int logical = 0;
        if (::ioctl(fd.get(), BLKSSZGET, &logical) != 0 ||
            ::ioctl(fd.get(), BLKGETSIZE64, &size) != 0) {
            return fail_errno(std::format("asking {} for its size", path.native()), errno);
        }
        sector_size = static_cast<std::uint32_t>(logical);
    }
    return std::unique_ptr<PosixBlockDevice>(
        new PosixBlockDevice(std::move(fd), sector_size, size));
}

Result<void> PosixBlockDevice::read(std::uint64_t offset, std::span<std::byte> bytes)
{
    while (!bytes.empty()) {
        const auto count =
            ::pread(fd_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            return fail_errno(std::format("reading the disk at byte {}", offset), errno);
        }
        if (count == 0) {
            return fail(Errc::io, "reading the disk at byte {}: past its end", offset);
        }
        bytes = bytes.subspan(static_cast<std::size_t>(count));
        offset += static_cast<std::uint64_t>(count);
    }
    return {};
}

Result<void> PosixBlockDevice::write(std::uint64_t offset, std::span<const std::byte> bytes)
{
    while (!bytes.empty()) {
        const auto count =
            ::pwrite(fd_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            return fail_errno(std::format("writing the disk at byte {}", offset), errno);
        }
        bytes = bytes.subspan(static_cast<std::size_t>(count));
        offset += static_cast<std::uint64_t>(count);
    }
    return {};
}

Result<void> PosixBlockDevice::flush()
{
    if (::fsync(fd_.get()) != 0) {
        return fail_errno("flushing the disk", errno);
    }
    // What is read from now on comes from the disk and not from memory: who reads back what was
    // written wants to know what the disk has. Also, an update does not push a machine's other
    // pages out. A hint, which may fail.
    (void)::posix_fadvise(fd_.get(), 0, 0, POSIX_FADV_DONTNEED);
    return {};
}

} // namespace holdfast::io
