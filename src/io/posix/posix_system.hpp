#pragma once

#include "io/block_device.hpp"
#include "io/posix/unique_fd.hpp"
#include "io/system.hpp"

#include <memory>

namespace holdfast::io {

class PosixFiles final : public Files {
public:
    Result<std::string> read(const std::filesystem::path& path, std::size_t limit) override;
    Result<void> overwrite(const std::filesystem::path& path, std::string_view lines) override;
    Result<std::unique_ptr<File>> create(const std::filesystem::path& path, Mode mode) override;
    Result<void> write_into(const std::filesystem::path& path, std::string_view text) override;
    Result<void> rename(const std::filesystem::path& from,
                        const std::filesystem::path& to) override;
    Result<void> flush_directory(const std::filesystem::path& path) override;
    Result<void> remove(const std::filesystem::path& path) override;
    Result<void> create_directories(const std::filesystem::path& path, Mode mode) override;
    Result<void> set_mode(const std::filesystem::path& path, Mode mode) override;
    bool exists(const std::filesystem::path& path) override;
    bool is_directory(const std::filesystem::path& path) override;
    Result<std::vector<std::string>> list(const std::filesystem::path& path) override;
    Result<std::filesystem::path> read_link(const std::filesystem::path& path) override;
};

class PosixClock final : public Clock {
public:
    std::chrono::system_clock::time_point now() override;
    std::chrono::steady_clock::time_point monotonic_now() override;
    void sleep(std::chrono::nanoseconds duration) override;
};

/// getrandom(2).
class PosixRandom final : public Random {
public:
    void fill(std::span<std::byte> bytes) override;
};

/// pidfd_spawn(3), which needs Linux 5.5. A command whose time is up gets SIGKILL.
class PosixProcesses final : public Processes {
public:
    Result<Outcome> run(const Command& command) override;
};

/// A block device node or an image file. Image files count as having 512-byte sectors.
class PosixBlockDevice final : public BlockDevice {
public:
    enum class Access {
        read_only,
        read_write,
        exclusive, ///< Read and write, while nobody else has it exclusively (flock(2)).
    };
    /// Waits some seconds for exclusive access, then fails with `locked`.
    static Result<std::unique_ptr<PosixBlockDevice>> open(const std::filesystem::path& path,
                                                          Access access);

    std::uint32_t sector_size() const override { return sector_size_; }
    std::uint64_t size() const override { return size_; }
    Result<void> read(std::uint64_t offset, std::span<std::byte> bytes) override;
    Result<void> write(std::uint64_t offset, std::span<const std::byte> bytes) override;
    Result<void> flush() override;

private:
    PosixBlockDevice(UniqueFd fd, std::uint32_t sector_size, std::uint64_t size)
        : fd_(std::move(fd)), sector_size_(sector_size), size_(size)
    {
    }
    UniqueFd fd_;
    std::uint32_t sector_size_;
    std::uint64_t size_;
};

} // namespace holdfast::io
