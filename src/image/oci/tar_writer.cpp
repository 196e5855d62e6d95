#include "image/oci/tar_writer.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <cerrno>
#include <fcntl.h>
#include <format>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace holdfast::image {

struct TarWriter::State {
    archive* writer = nullptr;
    Sink sink;
    std::int64_t time = 0;
    Result<void> problem; ///< What the sink said; libarchive only passes on that it failed.

    ~State() { ::archive_write_free(writer); }
};

namespace {

la_ssize_t pass_on(archive* writer, void* state_pointer, const void* bytes, std::size_t length)
{
    auto& state = *static_cast<TarWriter::State*>(state_pointer);
    state.problem = state.sink({static_cast<const std::byte*>(bytes), length});
    if (!state.problem.has_value()) {
        ::archive_set_error(writer, EIO, "the sink refused");
        return -1;
    }
    return static_cast<la_ssize_t>(length);
}

} // namespace

TarWriter::TarWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}

TarWriter::~TarWriter() = default;

Result<std::unique_ptr<TarWriter>> TarWriter::open(Sink sink, std::int64_t time)
{
    auto state = std::make_unique<State>();
    state->writer = ::archive_write_new();
    state->sink = std::move(sink);
    state->time = time;
    ::archive_write_set_format_pax_restricted(state->writer);
    ::archive_write_set_bytes_per_block(state->writer, 64 << 10);
    // The last block is not filled up to 64 KiB: two blocks of zeros end a tar.
    ::archive_write_set_bytes_in_last_block(state->writer, 512);
    if (::archive_write_open2(state->writer, state.get(), nullptr, pass_on, nullptr, nullptr) !=
        ARCHIVE_OK) {
        return fail(Errc::internal, "libarchive: {}", ::archive_error_string(state->writer));
    }
    return std::unique_ptr<TarWriter>(new TarWriter(std::move(state)));
}

Result<void> TarWriter::failed(std::string_view doing)
{
    TRY(std::exchange(state_->problem, {}));
    const char* text = ::archive_error_string(state_->writer);
    return fail(Errc::io, "{}: {}", doing, text == nullptr ? "unknown failure" : text);
}

Result<void> TarWriter::begin(std::string_view name, std::uint32_t type, std::uint32_t mode,
                              std::uint64_t size, std::string_view target)
{
    const std::unique_ptr<archive_entry, decltype(&::archive_entry_free)> entry(
        ::archive_entry_new(), ::archive_entry_free);
    ::archive_entry_set_pathname(entry.get(), std::string(name).c_str());
    ::archive_entry_set_filetype(entry.get(), type);
    ::archive_entry_set_perm(entry.get(), mode & 07777U);
    ::archive_entry_set_size(entry.get(), static_cast<la_int64_t>(size));
    ::archive_entry_set_mtime(entry.get(), state_->time, 0);
    ::archive_entry_set_uid(entry.get(), 0);
    ::archive_entry_set_gid(entry.get(), 0);
    if (!target.empty()) {
        ::archive_entry_set_symlink(entry.get(), std::string(target).c_str());
    }
    if (::archive_write_header(state_->writer, entry.get()) != ARCHIVE_OK) {
        return failed(std::format("adding {}", name));
    }
    return {};
}

Result<void> TarWriter::add_bytes(std::string_view name, std::string_view content)
{
    TRY(begin(name, AE_IFREG, 0644, content.size(), {}));
    if (::archive_write_data(state_->writer, content.data(), content.size()) < 0) {
        return failed(std::format("adding {}", name));
    }
    return {};
}

Result<void> TarWriter::add_file(std::string_view name, const std::filesystem::path& source,
                                 std::uint32_t mode)
{
    const int fd = ::open(source.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        return fail_errno(std::format("opening {}", source.native()), errno);
    }
    const std::unique_ptr<const int, void (*)(const int*)> closer(
        &fd, [](const int* open_fd) { ::close(*open_fd); });
    struct stat found{};
    if (::fstat(fd, &found) != 0) {
        return fail_errno(std::format("reading {}", source.native()), errno);
    }
    auto left = static_cast<std::uint64_t>(found.st_size);
    TRY(begin(name, AE_IFREG, mode, left, {}));
    std::vector<char> buffer(256U << 10);
    while (left > 0) {
        const auto count = ::read(fd, buffer.data(), buffer.size());
        if (count < 0) {
            return fail_errno(std::format("reading {}", source.native()), errno);
        }
        if (count == 0 || static_cast<std::uint64_t>(count) > left) {
            return fail(Errc::conflict, "{} changed while it was read", source.native());
        }
        if (::archive_write_data(state_->writer, buffer.data(), static_cast<std::size_t>(count)) <
            0) {
            return failed(std::format("adding {}", name));
        }
        left -= static_cast<std::uint64_t>(count);
    }
    return {};
}

Result<void> TarWriter::add_directory(std::string_view name, std::uint32_t mode)
{
    return begin(std::string(name) + "/", AE_IFDIR, mode, 0, {});
}

Result<void> TarWriter::add_link(std::string_view name, std::string_view target)
{
    return begin(name, AE_IFLNK, 0777, 0, target);
}

Result<void> TarWriter::finish()
{
    if (::archive_write_close(state_->writer) != ARCHIVE_OK) {
        return failed("ending the archive");
    }
    return {};
}

} // namespace holdfast::image
