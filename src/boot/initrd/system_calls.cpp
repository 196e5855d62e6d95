#include "boot/initrd/system_calls.hpp"

#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>

namespace holdfast::initrd {

void say(Level level, std::string_view text, std::string_view more)
{
    FixedText<400> line;
    line.append("<").append(static_cast<std::uint64_t>(level)).append(">holdfast initrd: ");
    line.append(text).append(more).append("\n");
    const Fd log(open("/dev/kmsg", O_WRONLY | O_CLOEXEC));
    // Before /dev is there, standard error is the console that the kernel opened for us.
    const auto written = write(log ? log.get() : STDERR_FILENO, line.c_str(), line.view().size());
    static_cast<void>(written);
}

Failure<Fault> fault_errno(std::string_view doing, std::string_view what)
{
    const int error_number = errno;
    return fault(doing, what, ": ", std::string_view(strerrordesc_np(error_number)));
}

void sleep_milliseconds(long milliseconds)
{
    timespec time{.tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * 1'000'000};
    while (nanosleep(&time, &time) != 0 && errno == EINTR) {
    }
}

std::span<std::byte> read_file(const char* path, std::span<std::byte> buffer)
{
    const Fd fd(open(path, O_RDONLY | O_CLOEXEC));
    std::size_t size = 0;
    while (fd && size < buffer.size()) {
        const auto count = read(fd.get(), buffer.data() + size, buffer.size() - size);
        if (count <= 0) {
            break;
        }
        size += static_cast<std::size_t>(count);
    }
    return buffer.first(size);
}

Result<void> write_file(const char* path, std::string_view content, mode_t mode)
{
    const Fd fd(open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode));
    if (!fd ||
        write(fd.get(), content.data(), content.size()) != static_cast<ssize_t>(content.size())) {
        return fault_errno("writing ", path);
    }
    return {};
}

Result<void> mount_at(const char* source, const char* target, const char* type, unsigned long flags,
                      const char* options)
{
    mkdir(target, 0755);
    if (mount(source, target, type, flags, options) != 0) {
        return fault_errno("mounting ", target);
    }
    return {};
}

Path device_node(std::string_view device)
{
    Path path;
    path.append("/dev/").append(device);
    return path;
}

} // namespace holdfast::initrd
