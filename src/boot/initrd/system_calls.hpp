#pragma once

#include "boot/initrd/fault.hpp"

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <fcntl.h>
#include <span>
#include <string_view>
#include <sys/types.h>
#include <unistd.h>

/// Small help with system calls, for the files that make them.
namespace holdfast::initrd {

using Path = FixedText<320>;

/// Owns a file descriptor. io/posix has one too, but belongs to programs with a heap.
class Fd {
public:
    explicit Fd(int fd) : fd_(fd) {}
    Fd(const Fd&) = delete;
    Fd& operator=(const Fd&) = delete;
    ~Fd()
    {
        if (fd_ >= 0) {
            close(fd_);
        }
    }
    int get() const { return fd_; }
    explicit operator bool() const { return fd_ >= 0; }

private:
    int fd_;
};

/// A line for the kernel log, which also goes to every console.
enum class Level { error = 3, info = 6 };
void say(Level level, std::string_view text, std::string_view more = {});

/// "mounting /etc: No such device", with the text of `errno`.
Failure<Fault> fault_errno(std::string_view doing, std::string_view what = {});

void sleep_milliseconds(long milliseconds);

/// Reads up to the buffer's size; less content gives a shorter span, a failure an empty one.
std::span<std::byte> read_file(const char* path, std::span<std::byte> buffer);

/// A small file's text, empty if it cannot be read.
template <std::size_t size>
struct TextFile {
    std::array<std::byte, size> bytes;
    std::string_view text;

    explicit TextFile(const char* path)
    {
        const auto content = read_file(path, bytes);
        text = {reinterpret_cast<const char*>(content.data()), content.size()};
    }
};

Result<void> write_file(const char* path, std::string_view content, mode_t mode);

/// Makes the directory where it is missing, and mounts.
Result<void> mount_at(const char* source, const char* target, const char* type, unsigned long flags,
                      const char* options = "");

/// "vda3" → "/dev/vda3"
Path device_node(std::string_view device);

} // namespace holdfast::initrd
