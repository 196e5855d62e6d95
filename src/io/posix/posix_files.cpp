#include "io/posix/posix_system.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <dirent.h>
#include <fcntl.h>
#include <format>
#include <sys/stat.h>
#include <unistd.h>

namespace holdfast::io {

namespace {

class PosixFile final : public File {
public:
    PosixFile(UniqueFd fd, std::filesystem::path path) : fd_(std::move(fd)), path_(std::move(path))
    {
    }

    Result<void> write_all(std::string_view content) override
    {
        while (!content.empty()) {
            const auto written = ::write(fd_.get(), content.data(), content.size());
            if (written < 0 && errno != EINTR) {
                return fail_errno(std::format("writing {}", path_.native()), errno);
            }
            content.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(written, 0)));
        }
        return {};
    }

    Result<void> flush() override
    {
        if (::fsync(fd_.get()) != 0) {
            return fail_errno(std::format("flushing {}", path_.native()), errno);
        }
        return {};
    }

private:
    UniqueFd fd_;
    std::filesystem::path path_;
};

} // namespace

Result<std::string> PosixFiles::read(const std::filesystem::path& path, std::size_t limit)
{
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) {
        return fail_errno(std::format("opening {}", path.native()), errno);
    }
    std::string content;
    char buffer[64 * 1024];
    for (;;) {
        const auto count = ::read(fd.get(), buffer, sizeof buffer);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            return fail_errno(std::format("reading {}", path.native()), errno);
        }
        if (count == 0) {
            return content;
        }
        if (content.size() + static_cast<std::size_t>(count) > limit) {
            return fail(Errc::too_large, "{} is longer than {} bytes", path.native(), limit);
        }
        content.append(buffer, static_cast<std::size_t>(count));
    }
}

Result<void> PosixFiles::overwrite(const std::filesystem::path& path, std::string_view lines)
{
    const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    struct stat status{};
    if (!fd || ::fstat(fd.get(), &status) != 0) {
        return fail_errno(std::format("opening {}", path.native()), errno);
    }
    std::string text(lines);
    text.resize(std::max(text.size(), static_cast<std::size_t>(status.st_size)), '\n');
    for (std::size_t done = 0; done < text.size();) {
        const auto written =
            ::pwrite(fd.get(), text.data() + done, text.size() - done, static_cast<off_t>(done));
        if (written < 0 && errno != EINTR) {
            return fail_errno(std::format("writing {}", path.native()), errno);
        }
        done += static_cast<std::size_t>(std::max<ssize_t>(written, 0));
    }
    if (::ftruncate(fd.get(), static_cast<off_t>(lines.size())) != 0) {
        return fail_errno(std::format("cutting off {}", path.native()), errno);
    }
    return {};
}

Result<std::unique_ptr<File>> PosixFiles::create(const std::filesystem::path& path, Mode mode)
{
    UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
    if (!fd) {
        return fail_errno(std::format("creating {}", path.native()), errno);
    }
    return std::make_unique<PosixFile>(std::move(fd), path);
}

Result<void> PosixFiles::write_into(const std::filesystem::path& path, std::string_view text)
{
    UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!fd) {
        return fail_errno(std::format("opening {}", path.native()), errno);
    }
    return PosixFile(std::move(fd), path).write_all(text);
}

Result<void> PosixFiles::rename(const std::filesystem::path& from, const std::filesystem::path& to)
{
    if (::rename(from.c_str(), to.c_str()) != 0) {
        return fail_errno(std::format("renaming {} to {}", from.native(), to.native()), errno);
    }
    return {};
}

Result<void> PosixFiles::flush_directory(const std::filesystem::path& path)
{
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd || ::fsync(fd.get()) != 0) {
        return fail_errno(std::format("flushing the directory {}", path.native()), errno);
    }
    return {};
}

Result<void> PosixFiles::remove(const std::filesystem::path& path)
{
    if (::remove(path.c_str()) != 0 && errno != ENOENT) {
        return fail_errno(std::format("removing {}", path.native()), errno);
    }
    return {};
}

Result<void> PosixFiles::create_directories(const std::filesystem::path& path, Mode mode)
{
    if (exists(path)) {
        return {};
    }
    if (path.has_parent_path() && path.parent_path() != path) {
        TRY(create_directories(path.parent_path(), 0755));
    }
    if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST) {
        return fail_errno(std::format("creating the directory {}", path.native()), errno);
    }
    return {};
}

Result<void> PosixFiles::set_mode(const std::filesystem::path& path, Mode mode)
{
    if (::chmod(path.c_str(), mode) != 0) {
        return fail_errno(std::format("changing the mode of {}", path.native()), errno);
    }
    return {};
}

bool PosixFiles::exists(const std::filesystem::path& path)
{
    return ::access(path.c_str(), F_OK) == 0;
}

bool PosixFiles::is_directory(const std::filesystem::path& path)
{
    struct stat status{};
    return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

Result<std::vector<std::string>> PosixFiles::list(const std::filesystem::path& path)
{
    DIR* directory = ::opendir(path.c_str());
    if (directory == nullptr) {
        return fail_errno(std::format("listing {}", path.native()), errno);
    }
    std::vector<std::string> names;
    while (const auto* entry = ::readdir(directory)) {
        const std::string name = entry->d_name;
        if (name != "." && name != "..") {
            names.push_back(name);
        }
    }
    ::closedir(directory);
    std::ranges::sort(names);
    return names;
}

Result<std::filesystem::path> PosixFiles::read_link(const std::filesystem::path& path)
{
    std::array<char, PATH_MAX> target{};
    const auto length = ::readlink(path.c_str(), target.data(), target.size());
    if (length < 0) {
        return fail_errno(std::format("reading the link {}", path.native()), errno);
    }
    return std::filesystem::path(target.data(), target.data() + length);
}

} // namespace holdfast::io
