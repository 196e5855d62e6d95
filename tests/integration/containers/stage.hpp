#pragma once

// A stage for the real containerd: private mount and network namespaces that look like a Holdfast
// host as far as containers see it. Nothing outside of them is touched.

#include "base/error.hpp"

#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <sys/types.h>
#include <vector>

namespace holdfast::stage {

/// Enters the stage; for main(), before any thread. `unsupported` without root.
Result<void> enter();

/// A program in the background, with both streams in one file.
class Daemon {
public:
    static Result<std::unique_ptr<Daemon>> start(std::vector<std::string> arguments,
                                                 std::map<std::string, std::string> environment,
                                                 const std::filesystem::path& log);
    ~Daemon(); ///< Kills it if need be.
    Daemon(const Daemon&) = delete;

    pid_t pid() const { return pid_; }
    void signal(int number) const;
    /// The exit status, 128 + signal, or -1 when it still runs after the time.
    int wait(std::chrono::milliseconds limit);
    std::string output() const;
    /// Whether the text appears in the output in time.
    bool says(const std::string& text, std::chrono::milliseconds limit) const;

private:
    Daemon(pid_t pid, std::filesystem::path log) : pid_(pid), log_(std::move(log)) {}
    pid_t pid_;
    std::filesystem::path log_;
};

/// Resident memory of a process in KiB, and the name of its program.
long resident_kib(pid_t pid);
std::string program_name(pid_t pid);

void write_file(const std::filesystem::path& path, const std::string& text);
std::string read_file(const std::filesystem::path& path);

} // namespace holdfast::stage
