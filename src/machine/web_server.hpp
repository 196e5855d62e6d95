#pragma once

#include "io/background.hpp"
#include "machine/certificates.hpp"

#include <cstdint>
#include <filesystem>
#include <string>

namespace holdfast::machine {

/// What one nginx on 127.0.0.1 serves, and how.
struct WebServerPlan {
    std::filesystem::path folder; ///< What it serves, ranges included.
    std::filesystem::path work;   ///< Gets what nginx writes.
    std::uint16_t port = 0;
    std::uint64_t bytes_per_second = 0; ///< Of each connection; 0 is no limit.
    bool has_tls = false;               ///< By server.crt and server.key in `work`.
    bool logs_to_terminal = false;      ///< For people, instead of to files in `work`.
};

/// The text of nginx.conf: one process, in the foreground. Errors: `invalid` for a folder whose name
/// nginx cannot be told.
Result<std::string> nginx_configuration(const WebServerPlan& plan);

/// nginx on 127.0.0.1, which serves one folder to a virtual machine, a test or a benchmark and counts
/// what goes over the wire. Ends with this object, or with the program that started it.
class WebServer {
public:
    /// `work` gets configuration and logs. With an identity it speaks TLS only. Waits until the
    /// server answers.
    static Result<WebServer> start(const std::filesystem::path& folder,
                                   const std::filesystem::path& work,
                                   const Identity* identity = nullptr);
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
    explicit WebServer(WebServerPlan plan) : plan_(std::move(plan)) {}
    Result<void> run();
    Result<void> wait_until_it_answers();

    WebServerPlan plan_;
    std::optional<io::ProcessId> process_;
};

} // namespace holdfast::machine
