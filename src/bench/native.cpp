#include "bench/native.hpp"

#include "base/text.hpp"
#include "io/posix/posix_background.hpp"

#include <algorithm>

namespace holdfast::bench {

namespace fs = std::filesystem;

namespace {

constexpr int samples = 41;

/// apiserver and what starts the applier for it, in a folder of their own.
class Server {
public:
    static Result<Server> start(image::Context& context, const fs::path& folder)
    {
        TRY(context.system.files.create_directories(folder));
        TRY(io::replace_file(context.system.files, folder / "variant.json",
                             R"({"variant": "bench", "groups": ["motd", "network", "ntp", "kernel",
                                 "host-containers", "pki", "api"], "settings": {}})"));
        TRY(io::replace_file(context.system.files, folder / "os-release",
                             "PRETTY_NAME=bench\nVARIANT_ID=bench\nVERSION_ID=0.0.0\n"
                             "BUILD_ID=00000000\n"));
        auto server = Server(context, folder);
        TRY(server.run({(context.programs / "apiserver").native(), "--datastore-path",
                        (folder / "store").native(), "--socket-path", server.socket().native(),
                        "--variant-file", server.variant_file(), "--os-release",
                        (folder / "os-release").native(), "--remote-config",
                        (folder / "remote.json").native(), "--applier-socket",
                        server.applier_socket().native()},
                       server.socket()));
        // What settings-applier.socket does on a machine.
        TRY(server.run({"systemd-socket-activate", "--accept", "--inetd",
                        "--listen=" + server.applier_socket().native(),
                        (context.programs / "settings-applier").native(), "--socket-path",
                        server.socket().native(), "--variant-file", server.variant_file()},
                       server.applier_socket()));
        return server;
    }

    fs::path socket() const { return folder_ / "api.sock"; }
    Result<void> stop()
    {
        io::PosixBackground background;
        for (const auto process : processes_) {
            TRY(background.kill(process));
        }
        return {};
    }

private:
    Server(image::Context& context, fs::path folder)
        : context_(&context), folder_(std::move(folder))
    {
    }

    fs::path applier_socket() const { return folder_ / "applier.sock"; }
    std::string variant_file() const { return folder_ / "variant.json"; }

    Result<void> run(const std::vector<std::string>& command, const fs::path& opens)
    {
        const auto log = folder_ / (opens.filename().native() + ".log");
        io::PosixBackground background;
        TRY_ASSIGN(const auto process, background.start(command, log));
        processes_.push_back(process);
        for (int attempt = 0; attempt < 200; ++attempt) {
            if (context_->system.files.exists(opens)) {
                return {};
            }
            context_->system.clock.sleep(std::chrono::milliseconds{50});
        }
        return fail(Errc::timeout, "{} was not opened; see {}", opens.native(), log.native());
    }

    image::Context* context_;
    fs::path folder_;
    std::vector<io::ProcessId> processes_;
};

double milliseconds_since(image::Context& context, std::chrono::steady_clock::time_point start)
{
    return std::chrono::duration<double, std::milli>(context.system.clock.monotonic_now() - start)
        .count();
}

Result<void> apiclient(image::Context& context, const Server& server,
                       std::vector<std::string> arguments)
{
    arguments.insert(arguments.begin(), {(context.programs / "apiclient").native(), "--socket-path",
                                         server.socket().native()});
    TRY(io::run_checked(context.system.processes, {.arguments = std::move(arguments)}));
    return {};
}

/// Until the file holds the text; bounded.
Result<void> wait_for_content(image::Context& context, const fs::path& file,
                              const std::string& text)
{
    for (int attempt = 0; attempt < 5000; ++attempt) {
        const auto content = context.system.files.read(file);
        if (content.has_value() && content->contains(text)) {
            return {};
        }
        context.system.clock.sleep(std::chrono::milliseconds{1});
    }
    return fail(Errc::timeout, "{} was not rendered", file.native());
}

Result<Native> measure(image::Context& context, const Server& server)
{
    std::vector<double> gets;
    std::vector<double> sets;
    for (int round = 0; round < samples; ++round) {
        auto start = context.system.clock.monotonic_now();
        TRY(apiclient(context, server, {"get", "settings"}));
        gets.push_back(milliseconds_since(context, start));
        const auto text = std::format("round {}", round);
        start = context.system.clock.monotonic_now();
        TRY(apiclient(context, server, {"set", "motd=" + text}));
        TRY(wait_for_content(context, "/etc/motd", text));
        sets.push_back(milliseconds_since(context, start));
    }
    std::ranges::sort(gets);
    std::ranges::sort(sets);
    return Native{.get_milliseconds = gets[samples / 2], .set_milliseconds = sets[samples / 2]};
}

} // namespace

Result<Native> measure_native(image::Context& context)
{
    const image::Step step(context, "time apiserver and apiclient natively");
    const fs::path folder = "/tmp/holdfast-bench";
    std::error_code error;
    fs::remove_all(folder, error);
    TRY_ASSIGN(auto server, Server::start(context, folder));
    auto native = measure(context, server);
    TRY(server.stop());
    fs::remove_all(folder, error);
    return native;
}

} // namespace holdfast::bench
