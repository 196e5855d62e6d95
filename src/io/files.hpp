#pragma once

#include "base/error.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::io {

/// A file open for writing.
class File {
public:
    virtual ~File() = default;
    /// Appends all of `content`, or fails; a failed write may have appended a part.
    virtual Result<void> write_all(std::string_view content) = 0;
    /// On return the bytes survive a power cut (fsync(2)).
    virtual Result<void> flush() = 0;
};

/// Permission bits of a file or directory, as in chmod(2).
using Mode = std::uint32_t;

/// The file system. Paths are absolute. Errors carry `not_found`, `denied`, `no_space` or `io`.
class Files {
public:
    virtual ~Files() = default;

    /// The whole file. `too_large` when it is longer than `limit` bytes, so that no caller can be
    /// made to swallow an endless one.
    virtual Result<std::string> read(const std::filesystem::path& path,
                                     std::size_t limit = 16U << 20) = 0;
    /// Writes text into the file that is there, so that whoever has it open or mounted sees it: all
    /// of it by one call, with blank lines over what is left of a longer text, and these are then
    /// cut off. `not_found` where there is none. After another failure the file may hold a part of
    /// either.
    virtual Result<void> overwrite(const std::filesystem::path& path, std::string_view lines) = 0;
    /// Creates the file where nothing has its name yet, not even a link, so that nobody who may write
    /// in the folder can lead us to another file. `io` where something has.
    virtual Result<std::unique_ptr<File>> create(const std::filesystem::path& path,
                                                 Mode mode = 0644) = 0;
    /// Writes text into what is there and no plain file: a device, or a file of the kernel's.
    /// `not_found` where there is none.
    virtual Result<void> write_into(const std::filesystem::path& path, std::string_view text) = 0;
    virtual Result<void> rename(const std::filesystem::path& from,
                                const std::filesystem::path& to) = 0;
    /// On return the names in the directory survive a power cut.
    virtual Result<void> flush_directory(const std::filesystem::path& path) = 0;
    /// Removing what does not exist is a success.
    virtual Result<void> remove(const std::filesystem::path& path) = 0;
    /// With all missing parents. An existing directory is a success and keeps its mode.
    virtual Result<void> create_directories(const std::filesystem::path& path,
                                            Mode mode = 0755) = 0;
    virtual Result<void> set_mode(const std::filesystem::path& path, Mode mode) = 0;
    virtual bool exists(const std::filesystem::path& path) = 0;
    virtual bool is_directory(const std::filesystem::path& path) = 0;
    /// Names in a directory without "." and "..", sorted.
    virtual Result<std::vector<std::string>> list(const std::filesystem::path& path) = 0;
    /// What a symbolic link says, which may be relative to its directory. `invalid` for anything
    /// that is no link.
    virtual Result<std::filesystem::path> read_link(const std::filesystem::path& path) = 0;
};

/// Replaces the file at `path` so that any reader, and any power cut, finds either the whole old
/// content or the whole new one. On return the change survives power loss (fsync(2), rename(2)).
///
/// Blocks while the disk works. A power cut may leave `<path>.new` behind; the next call
/// overwrites it. Errors: `io`, `denied`, `no_space`; the path then holds old or new, whole, and
/// nothing of the attempt takes room.
Result<void> replace_file(Files& files, const std::filesystem::path& path,
                          std::string_view content, Mode mode = 0644);

/// Gives a text file new lines but leaves it the same file, for one that others have mounted for
/// themselves (containers, /etc/hosts): `replace_file` would leave them the old one. Makes it where
/// there is none.
///
/// For a tmpfs only, since a power cut may leave anything. A reader finds the old lines or the new
/// ones, unless the file is so long that it is read in several pieces.
Result<void> rewrite_file(Files& files, const std::filesystem::path& path, std::string_view lines,
                          Mode mode = 0644);

/// Creates the directory with all missing parents, as `create_directories` does. On return the
/// names of those that were missing survive a power cut.
Result<void> make_directories(Files& files, const std::filesystem::path& path, Mode mode = 0755);

} // namespace holdfast::io
