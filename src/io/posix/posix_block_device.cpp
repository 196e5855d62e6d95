#include "io/posix/posix_system.hpp"

#include <cerrno>
#include <fcntl.h>
#include <format>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

namespace holdfast::io {

Result<std::unique_ptr<PosixBlockDevice>> PosixBlockDevice::open(const std::filesystem::path& path,
                                                                 Access access)
{
    const int mode = access == Access::read_only ? O_RDONLY : O_RDWR;
    UniqueFd fd(::open(path.c_str(), mode | O_CLOEXEC));
    if (!fd) {
        return fail_errno(std::format("opening {}", path.native()), errno);
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
    return {};
}

} // namespace holdfast::io
