#pragma once

#include "io/files.hpp"

#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace holdfast::io {

/// What a power cut leaves of changes that were not flushed.
enum class Unflushed {
    all_lost,   ///< Names and bytes are as they were flushed last.
    names_kept, ///< Names are on the disk, the bytes written since are not.
};

/// A file system in memory that forgets what was not flushed. Directories, files and symbolic links;
/// links in the middle of a path are followed.
class FakeFiles final : public Files {
public:
    using Content = std::pair<std::filesystem::path, std::string>;

    /// With these files, and their directories, safely on the disk.
    FakeFiles(std::initializer_list<Content> files = {});

    Result<std::string> read(const std::filesystem::path& path,
                             std::size_t limit = 16U << 20) override;
    Result<void> overwrite(const std::filesystem::path& path, std::string_view lines) override;
    Result<std::unique_ptr<File>> create(const std::filesystem::path& path,
                                         Mode mode = 0644) override;
    Result<void> write_into(const std::filesystem::path& path, std::string_view text) override;
    Result<void> rename(const std::filesystem::path& from,
                        const std::filesystem::path& to) override;
    Result<void> flush_directory(const std::filesystem::path& path) override;
    Result<void> remove(const std::filesystem::path& path) override;
    Result<void> create_directories(const std::filesystem::path& path, Mode mode = 0755) override;
    Result<void> set_mode(const std::filesystem::path& path, Mode mode) override;
    bool exists(const std::filesystem::path& path) override;
    bool is_directory(const std::filesystem::path& path) override;
    Result<std::vector<std::string>> list(const std::filesystem::path& path) override;
    Result<std::filesystem::path> read_link(const std::filesystem::path& path) override;

    /// The first `steps` changes and flushes from now on succeed. At the next one power goes: half
    /// of what a write was to append is there, any other step has done nothing, and all that
    /// follows fails with `io` until `restart`.
    void cut_power_after(int steps) { steps_left_ = steps; }
    void restart(Unflushed unflushed);
    /// All files together may have this many bytes; a write that would be more is cut where the disk
    /// is full, and fails with `no_space`.
    void limit_space(std::size_t bytes) { space_ = bytes; }
    std::size_t space_used() const;

    // For setting up and looking: no steps, and safely on the disk.
    void put(const std::filesystem::path& path, std::string content, Mode mode = 0644);
    void put_directory(const std::filesystem::path& path, Mode mode = 0755);
    void put_link(const std::filesystem::path& path, const std::filesystem::path& target);
    std::optional<Mode> mode(const std::filesystem::path& path);
    /// What a bind mount or an open descriptor sees: the content, whenever it is asked, of the file
    /// that has this name now.
    std::function<std::string()> held(const std::filesystem::path& path);

private:
    struct Node {
        enum class Kind { file, directory, link } kind = Kind::file;
        Mode mode = 0644;
        std::string content{}; ///< Or the target of a link.
        std::string durable_content{};
    };
    using Names = std::map<std::filesystem::path, std::shared_ptr<Node>>;
    class OpenFile;

    /// Fails when power is off or goes at this step.
    Result<void> take_step();
    Result<void> check_power() const;
    std::size_t space_left() const;
    /// The path with links in its directories followed (and the last one too, if asked for).
    enum class Last { follow, keep };
    std::filesystem::path resolve(const std::filesystem::path& path, Last last) const;
    /// Null where there is none.
    std::shared_ptr<Node> find(const std::filesystem::path& resolved) const;
    Result<std::shared_ptr<Node>> get(const std::filesystem::path& path) const;
    void put_node(const std::filesystem::path& path, Node node);

    Names names_;         ///< As programs see them. Node objects are shared with…
    Names durable_names_; ///< …the names as they are on the disk.
    std::optional<int> steps_left_;
    bool is_off_ = false;
    std::optional<std::size_t> space_; ///< Nothing: without end.
};

} // namespace holdfast::io
