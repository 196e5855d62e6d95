#include "bench/native.hpp"

#include "io/posix/posix_background.hpp"
#include "io/posix/posix_sockets.hpp"
#include "json/json.hpp"

#include <algorithm>
#include <array>

namespace holdfast::bench {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

namespace {

constexpr int samples = 41;
constexpr int readers = 1000;
constexpr auto answer_limit = 60s;
constexpr auto run_limit = 300s;

/// Units of the image that would do something to the machine outside, or wait for what is not there.
constexpr std::array left_out{
    "boot-failed.service",         "local-fs.target",          "settings-applier.service",
    "preconfigured.target",        "systemd-sysctl.service",   "systemd-udev-trigger.service",
    "systemd-udevd-control.socket", "systemd-udevd-kernel.socket", "systemd-udevd.service",
};

/// An image's systemd with its API server, applier and chronyd.
class NativeRoot {
public:
    static Result<NativeRoot> start(image::Context& context, const fs::path& root_image,
                                    const fs::path& folder)
    {
        NativeRoot root(context, folder);
        TRY(context.system.files.create_directories(root.run_ / "systemd/system"));
        TRY(image::run_tool(context, {"fsck.erofs", "--preserve",
                                      "--extract=" + root.tree().native(), root_image.native()}));
        TRY(root.write_units());
        io::PosixBackground background;
        TRY_ASSIGN(root.process_,
                   background.start({"unshare", "--pid", "--fork", "--kill-child", "--mount",
                                     "--propagation=unchanged", "--cgroup", "--uts", "--net",
                                     (context.programs / "enter-root").native(),
                                     root.tree().native(), root.run_.native(),
                                     "/usr/lib/systemd/systemd", "--system",
                                     "--unit=bench.target"},
                                    folder / "log"));
        TRY(root.wait_until_it_answers());
        return root;
    }

    fs::path socket() const { return run_ / "api.sock"; }
    /// Ends all of it.
    Result<void> stop()
    {
        io::PosixBackground background;
        return background.kill(process_);
    }

private:
    NativeRoot(image::Context& context, const fs::path& folder)
        : context_(&context), folder_(folder), run_(folder / "run")
    {
    }

    fs::path tree() const { return folder_ / "tree"; }

    Result<void> write_units()
    {
        auto& files = context_->system.files;
        const auto units = run_ / "systemd/system";
        TRY(io::replace_file(files, units / "bench.target",
                             "[Unit]\nDefaultDependencies=no\n"
                             "Wants=apiserver.service chronyd.service\n"));
        TRY(io::replace_file(files, units / "var-lib-bottlerocket.mount",
                             "[Mount]\nWhat=tmpfs\nWhere=/var/lib/bottlerocket\nType=tmpfs\n"));
        // -x: the clock is that of the workstation. No condition: the file comes with the first change.
        TRY(files.create_directories(units / "chronyd.service.d"));
        TRY(io::replace_file(files, units / "chronyd.service.d/bench.conf",
                             "[Unit]\nConditionPathExists=\n[Service]\nExecStart=\n"
                             "ExecStart=/usr/sbin/chronyd -x -d -U -F -1 -f /etc/chrony.conf\n"));
        for (const auto* unit : left_out) {
            TRY(image::run_tool(*context_, {"ln", "--symbolic", "/dev/null", units / unit}));
        }
        return {};
    }

    Result<void> wait_until_it_answers()
    {
        io::PosixSockets sockets;
        for (int attempt = 0; attempt < 400; ++attempt) {
            if (sockets.connect_local(socket()).has_value()) {
                return {};
            }
            context_->system.clock.sleep(50ms);
        }
        return fail(Errc::timeout, "the API server did not start; see {}",
                    (folder_ / "log").native());
    }

    image::Context* context_;
    fs::path folder_;
    fs::path run_;
    io::ProcessId process_ = 0;
};

double milliseconds_since(image::Context& context, std::chrono::steady_clock::time_point start)
{
    return std::chrono::duration<double, std::milli>(context.system.clock.monotonic_now() - start)
        .count();
}

Result<std::string> apiclient(image::Context& context, const NativeRoot& root,
                              std::vector<std::string> arguments)
{
    arguments.insert(arguments.begin(), {(context.programs / "apiclient").native(), "--socket-path",
                                         root.socket().native()});
    return io::run_checked(context.system.processes, {.arguments = std::move(arguments)});
}

std::string request(std::string_view path)
{
    return std::format("GET {} HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n", path);
}

/// Until the server closes the connection.
Result<std::string> read_all(io::Stream& stream)
{
    std::string text;
    for (;;) {
        TRY_ASSIGN(const auto piece, stream.read_some(answer_limit));
        if (piece.empty()) {
            return text;
        }
        text += piece;
    }
}

/// What /apply/status says, asked without a program of its own.
Result<Json> apply_status(const NativeRoot& root)
{
    io::PosixSockets sockets;
    TRY_ASSIGN(auto stream, sockets.connect_local(root.socket()));
    TRY(stream->write_all(request("/apply/status"), answer_limit));
    TRY_ASSIGN(const auto answer, read_all(*stream));
    const auto body = answer.find("\r\n\r\n");
    return parse_json(body == std::string::npos ? answer : answer.substr(body + 4));
}

/// Errors: `conflict` where chronyd was not restarted, `timeout`.
Result<void> wait_for_restart(image::Context& context, const NativeRoot& root)
{
    const auto deadline = context.system.clock.monotonic_now() + run_limit;
    while (context.system.clock.monotonic_now() < deadline) {
        TRY_ASSIGN(const auto status, apply_status(root));
        if (status.value("state", "") == "running") {
            context.system.clock.sleep(1ms);
            continue;
        }
        if (!to_text(status).contains(R"("restarted")")) {
            return fail(Errc::conflict, "chronyd was not restarted: {}", to_text(status));
        }
        return {};
    }
    return fail(Errc::timeout, "settings were not applied");
}

/// All connect and ask before the first answer is read.
Result<void> ask_at_once(image::Context& context, const NativeRoot& root, Native& native)
{
    const auto start = context.system.clock.monotonic_now();
    io::PosixSockets sockets;
    std::vector<std::unique_ptr<io::Stream>> streams;
    for (int reader = 0; reader < readers; ++reader) {
        TRY_ASSIGN(auto stream, sockets.connect_local(root.socket()));
        TRY(stream->write_all(request("/settings"), answer_limit));
        streams.push_back(std::move(stream));
    }
    native.readers = readers;
    for (const auto& stream : streams) {
        const auto answer = read_all(*stream);
        native.served_readers += answer.has_value() && answer->starts_with("HTTP/1.1 200") ? 1 : 0;
    }
    native.readers_seconds = milliseconds_since(context, start) / 1000;
    return {};
}

Result<Native> measure(image::Context& context, const NativeRoot& root)
{
    Native native;
    std::vector<double> gets;
    std::vector<double> sets;
    for (int round = 0; round <= samples; ++round) {
        auto start = context.system.clock.monotonic_now();
        TRY(apiclient(context, root, {"get", "settings"}));
        gets.push_back(milliseconds_since(context, start));
        start = context.system.clock.monotonic_now();
        TRY(apiclient(context, root,
                      {"set", "--json",
                       std::format(R"({{"ntp": {{"time-servers": ["192.0.2.{}"]}}}})", round + 1)}));
        TRY(wait_for_restart(context, root));
        sets.push_back(milliseconds_since(context, start));
    }
    std::ranges::sort(gets);
    std::ranges::sort(sets);
    native.get_milliseconds = gets[samples / 2];
    native.set_milliseconds = sets[samples / 2];
    TRY(ask_at_once(context, root, native));
    return native;
}

} // namespace

Result<Native> measure_native(image::Context& context, const fs::path& root_image)
{
    const image::Step step(context, "time apiserver, apiclient and systemd natively");
    const fs::path folder = "/tmp/holdfast-bench";
    std::error_code error;
    fs::remove_all(folder, error);
    TRY_ASSIGN(auto root, NativeRoot::start(context, root_image, folder));
    auto native = measure(context, root);
    TRY(root.stop());
    fs::remove_all(folder, error);
    return native;
}

} // namespace holdfast::bench
