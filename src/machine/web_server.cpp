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

/// A word of nginx.conf. The quotes keep an odd name one word; there is no escape for some letters.
Result<std::string> nginx_word(const std::filesystem::path& path)
{
    if (path.native().find_first_of("\"\\$\n") != std::string::npos) {
        return fail(Errc::invalid, "nginx cannot serve a folder named {}", path.native());
    }
    return std::format("\"{}\"", path.native());
}

std::string tls_lines(const std::filesystem::path& work)
{
    return std::format("    ssl_certificate \"{0}/server.crt\";\n"
                       "    ssl_certificate_key \"{0}/server.key\";\n",
                       work.native());
}

Result<void> write_server_identity(io::Files& files, const std::filesystem::path& work,
                                   const Identity& identity)
{
    TRY(io::replace_file(files, work / "server.crt", identity.certificate));
    return io::replace_file(files, work / "server.key", identity.key, 0600);
}

} // namespace

Result<std::string> nginx_configuration(const WebServerPlan& plan)
{
    TRY_ASSIGN(const auto folder, nginx_word(plan.folder));
    TRY(nginx_word(plan.work));
    const auto work = plan.work.native();
    const auto error_log = plan.logs_to_terminal ? "stderr" : std::format("\"{}/error.log\"", work);
    const auto access_log =
        plan.logs_to_terminal ? "/dev/stdout" : std::format("\"{}/access.log\" bytes", work);
    // "user root": the folder may be readable to this user only.
    return std::format("daemon off;\nmaster_process off;\nworker_processes 1;\n"
                       "pid \"{0}/nginx.pid\";\nerror_log {1};\nuser root;\n"
                       "events {{ worker_connections 1024; }}\n"
                       "http {{\n"
                       "  log_format bytes '{2}';\n"
                       "  access_log {3};\n"
                       "  default_type application/octet-stream;\n"
                       "  client_body_temp_path \"{0}/body\";\n  proxy_temp_path \"{0}/proxy\";\n"
                       "  fastcgi_temp_path \"{0}/fastcgi\";\n  uwsgi_temp_path \"{0}/uwsgi\";\n"
                       "  scgi_temp_path \"{0}/scgi\";\n"
                       "  server {{\n    listen 127.0.0.1:{4}{5};\n    root {6};\n{7}"
                       "    limit_rate {8};\n    keepalive_requests 100000;\n  }}\n}}\n",
                       work, error_log, log_format, access_log, plan.port,
                       plan.has_tls ? " ssl" : "", folder,
                       plan.has_tls ? tls_lines(plan.work) : "", plan.bytes_per_second);
}

Result<WebServer> WebServer::start(const std::filesystem::path& folder,
                                   const std::filesystem::path& work, const Identity* identity)
{
    io::PosixFiles posix;
    io::Files& files = posix;
    io::PosixSockets sockets;
    TRY(files.create_directories(work));
    if (identity != nullptr) {
        TRY(write_server_identity(files, work, *identity));
    }
    TRY_ASSIGN(const auto port, sockets.free_loopback_port());
    WebServer server(
        {.folder = folder, .work = work, .port = port, .has_tls = identity != nullptr});
    TRY(server.run());
    return server;
}

WebServer::WebServer(WebServer&& other) noexcept
    : plan_(std::move(other.plan_)), process_(std::exchange(other.process_, std::nullopt))
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
    return std::format("{}://10.0.2.2:{}", plan_.has_tls ? "https" : "http", plan_.port);
}

std::string WebServer::url() const
{
    return std::format("{}://127.0.0.1:{}", plan_.has_tls ? "https" : "http", plan_.port);
}

Result<void> WebServer::run()
{
    io::PosixFiles posix;
    io::Files& files = posix;
    TRY_ASSIGN(const auto text, nginx_configuration(plan_));
    const auto configuration = plan_.work / "nginx.conf";
    TRY(io::replace_file(files, configuration, text));
    io::PosixBackground background;
    // The kernel ends it with its starter: one that was killed runs no destructor.
    TRY_ASSIGN(process_, background.start({"setpriv", "--pdeathsig", "KILL", "nginx", "-p",
                                           plan_.work.native(), "-c", configuration.native()},
                                          plan_.work / "nginx.log"));
    return wait_until_it_answers();
}

Result<void> WebServer::wait_until_it_answers()
{
    io::PosixClock clock;
    io::PosixProcesses processes;
    for (int attempt = 0; attempt < 100; ++attempt) {
        const auto asked = processes.run({.arguments = {"curl", "--silent", "--insecure",
                                                        "--output", "/dev/null", url() + "/"}});
        if (asked.has_value() && asked->exit_status == 0) {
            return {};
        }
        clock.sleep(std::chrono::milliseconds{100});
    }
    return fail(Errc::timeout, "nginx does not answer; see {}",
                (plan_.work / "error.log").native());
}

Result<void> WebServer::limit_rate(std::uint64_t bytes_per_second)
{
    io::PosixBackground background;
    TRY(background.kill(*process_));
    plan_.bytes_per_second = bytes_per_second;
    return run();
}

Result<std::uint64_t> WebServer::wire_bytes()
{
    io::PosixFiles posix;
    io::Files& files = posix;
    TRY_ASSIGN(const auto log, files.read(plan_.work / "access.log", largest_log));
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
