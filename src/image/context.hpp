#pragma once

#include "crypto/sha256.hpp"
#include "io/file_locks.hpp"
#include "io/system.hpp"

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace holdfast::image {

/// Debian's name of the release that images are made of.
inline constexpr auto released_suite = "trixie";

/// Where the builder works and what it may use. One for the whole build.
struct Context {
    io::System& system;
    io::FileLocks& locks;
    std::filesystem::path checkout; ///< The repository.
    std::filesystem::path output;   ///< Results go to <output>/<variant>/.
    std::filesystem::path cache;    ///< Survives builds; only an optimisation.
    std::filesystem::path programs; ///< Where the compiled programs lie.
    std::string mirror;             ///< URL of a Debian mirror.
    std::string suite = released_suite; ///< Where packages come from.
    std::string architecture;       ///< Debian's name: "amd64".
    std::string commit8;            ///< First eight digits of the commit being built.
    std::string source_date_epoch;  ///< Seconds since 1970 that all time stamps get.
    std::string version = {};       ///< Of the image; that of the file VERSION where empty.
    int compression_level = 9;      ///< Of ROOT, by zstd. Tests that need many images take a low one.
};

/// Runs a tool of the SDK tree with SOURCE_DATE_EPOCH and a fixed locale and time zone.
/// Errors: as `io::run_checked`.
Result<std::string> run_tool(Context& context, std::vector<std::string> arguments,
                             std::string input = {});

/// Prints "  <what> … 12.3 s" while and after a step runs.
class Step {
public:
    Step(Context& context, std::string what);
    ~Step();
    Step(const Step&) = delete;
    Step& operator=(const Step&) = delete;

private:
    Context& context_;
    std::chrono::steady_clock::time_point start_;
};

/// A build key: the hash of everything that a result depends on.
class Key {
public:
    Key& add(std::string_view part);
    Key& add(const std::vector<std::string>& parts);
    /// Content of a file; a missing file counts as such.
    Key& add_file(const std::filesystem::path& file);
    /// Names, types and contents of a whole tree.
    Key& add_tree(const std::filesystem::path& folder);
    std::string hex();

private:
    crypto::Sha256Stream stream_;
};

/// Whether `file` was made with `key` (kept in `<file>.key`).
bool is_current(Context& context, const std::filesystem::path& file, const std::string& key);
Result<void> mark_current(Context& context, const std::filesystem::path& file,
                          const std::string& key);

/// Before `file` is made anew: its key no longer holds, wherever the making is interrupted.
Result<void> mark_stale(Context& context, const std::filesystem::path& file);

/// A folder for a tree in the making, in the cache, because trees there are hard links. It is this
/// checkout's own: another one that builds the same version at the same time has its own.
std::filesystem::path stage_folder(const Context& context, std::string_view name);

/// A UUID that follows from a text, so that two builds agree. RFC 9562 version 8.
std::string uuid_of(std::string_view text);

} // namespace holdfast::image
