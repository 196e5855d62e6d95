#pragma once

#include "io/background.hpp"

#include <cstdint>
#include <filesystem>
#include <string>

namespace holdfast::machine {

/// nginx on 127.0.0.1, which serves one folder to a virtual machine or a benchmark and counts what goes
/// over the wire. Ends with this object.
class WebServer {
public:
    /// `work` gets configuration and logs. Waits until the server answers.
    static Result<WebServer> start(const std::filesystem::path& folder,
                                   const std::filesystem::path& work);
    ~WebServer();
    WebServer(WebServer&& other) noexcept;
    WebServer& operator=(WebServer&&) = delete;

    /// As a virtual machine reaches it: QEMU's user network puts the host at 10.0.2.2.
    std::string url_for_guest() const;
    std::string url() const;
    /// Bytes per second and connection from now on; 0 is no limit.
    Result<void> limit_rate(std::uint64_t bytes_per_second);
    /// Bytes of requests and replies, headers included, since the start.
    Result<std::uint64_t> wire_bytes();

private:
    WebServer(std::filesystem::path folder, std::filesystem::path work, std::uint16_t port)
        : folder_(std::move(folder)), work_(std::move(work)), port_(port)
    {
    }
    Result<void> write_configuration(std::uint64_t bytes_per_second);
    Result<void> run();
    Result<void> wait_until_it_answers();

    std::filesystem::path folder_;
    std::filesystem::path work_;
    std::uint16_t port_;
    std::optional<io::ProcessId> process_;
};

} // namespace holdfast::machine
