#include "machine/web_server.hpp"

#include "base/text.hpp"
#include "io/posix/posix_background.hpp"
#include "io/posix/posix_sockets.hpp"
#include "io/posix/posix_system.hpp"

#include <charconv>
#include <csignal>
#include <format>

namespace holdfast::machine {

namespace {

constexpr std::size_t largest_log = std::size_t{64} << 20;

/// Request bytes, reply bytes, path (for people).
constexpr auto log_format = "$request_length $bytes_sent $request_uri";

std::string configuration(const std::filesystem::path& folder, const std::filesystem::path& work,
                          std::uint16_t port, std::uint64_t rate)
{
    return std::format("daemon off;\nmaster_process off;\nworker_processes 1;\npid {1}/nginx.pid;\n"
                       "error_log {1}/error.log;\nuser root;\n"
                       "events {{ worker_connections 1024; }}\n"
                       "http {{\n"
                       "  log_format bytes '{4}';\n"
                       "  access_log {1}/access.log bytes;\n"
                       "  client_body_temp_path {1}/body;\n  proxy_temp_path {1}/proxy;\n"
                       "  fastcgi_temp_path {1}/fastcgi;\n  uwsgi_temp_path {1}/uwsgi;\n"
                       "  scgi_temp_path {1}/scgi;\n"
                       "  server {{\n    listen 127.0.0.1:{2};\n    root {0};\n"
                       "    limit_rate {3};\n    keepalive_requests 100000;\n  }}\n}}\n",
                       folder.native(), work.native(), port, rate, log_format);
}

} // namespace

Result<WebServer> WebServer::start(const std::filesystem::path& folder,
                                   const std::filesystem::path& work)
{
    io::PosixFiles posix;
    io::Files& files = posix;
    io::PosixSockets sockets;
    TRY(files.create_directories(work));
    TRY_ASSIGN(const auto port, sockets.free_loopback_port());
    WebServer server(folder, work, port);
    TRY(server.write_configuration(0));
    TRY(server.run());
    return server;
}

WebServer::WebServer(WebServer&& other) noexcept
    : folder_(std::move(other.folder_)), work_(std::move(other.work_)), port_(other.port_),
      process_(std::exchange(other.process_, std::nullopt))
{
}

WebServer::~WebServer()
{
    if (process_) {
        io::PosixBackground background;
        (void)background.kill(*process_);
    }
}

std::string WebServer::url_for_guest() const
{
    return std::format("http://10.0.2.2:{}", port_);
}

std::string WebServer::url() const
{
    return std::format("http://127.0.0.1:{}", port_);
}

Result<void> WebServer::write_configuration(std::uint64_t bytes_per_second)
{
    io::PosixFiles posix;
    io::Files& files = posix;
    return io::replace_file(files, work_ / "nginx.conf",
                            configuration(folder_, work_, port_, bytes_per_second));
}

Result<void> WebServer::run()
{
    io::PosixBackground background;
    TRY_ASSIGN(process_, background.start({"nginx", "-p", work_.native(), "-c",
                                           (work_ / "nginx.conf").native()},
                                          work_ / "nginx.log"));
    return wait_until_it_answers();
}

Result<void> WebServer::wait_until_it_answers()
{
    io::PosixClock clock;
    io::PosixProcesses processes;
    for (int attempt = 0; attempt < 100; ++attempt) {
        const auto asked = processes.run({.arguments = {"curl", "--silent", "--output",
                                                        "/dev/null", url() + "/"}});
        if (asked.has_value() && asked->exit_status == 0) {
            return {};
        }
        clock.sleep(std::chrono::milliseconds{100});
    }
    return fail(Errc::timeout, "nginx does not answer; see {}", (work_ / "error.log").native());
}

Result<void> WebServer::limit_rate(std::uint64_t bytes_per_second)
{
    io::PosixBackground background;
    TRY(background.kill(*process_));
    TRY(write_configuration(bytes_per_second));
    return run();
}

Result<std::uint64_t> WebServer::wire_bytes()
{
    io::PosixFiles posix;
    io::Files& files = posix;
    TRY_ASSIGN(const auto log, files.read(work_ / "access.log", largest_log));
    std::uint64_t total = 0;
    for (const auto& line : split(log, '\n')) {
        const auto words = split(line, ' ');
        for (std::size_t i = 0; i < 2 && words.size() == 3; ++i) {
            std::uint64_t bytes = 0;
            std::from_chars(words[i].data(), words[i].data() + words[i].size(), bytes);
            total += bytes;
        }
    }
    return total;
}

} // namespace holdfast::machine
