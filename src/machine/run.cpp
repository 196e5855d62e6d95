#include "machine/run.hpp"

#include "base/text.hpp"
#include "machine/disk.hpp"
#include "machine/user_data.hpp"

#include <cstdlib>
#include <format>

namespace holdfast::machine {

namespace {

constexpr std::uint16_t api_port_in_guest = 8443;
constexpr char leave_key = '\x1d'; // Ctrl-]

/// Tells what is being done, and afterwards how long it took.
class Steps {
public:
    Steps(io::Terminal& terminal, io::Clock& clock) : terminal_(&terminal), clock_(&clock) {}

    void begin(std::string_view what)
    {
        terminal_->write(std::format("  {:<28}", what));
        start_ = clock_->monotonic_now();
    }
    void end()
    {
        terminal_->write(std::format("{:6.1f} s\n", elapsed()));
    }
    double elapsed() const
    {
        return std::chrono::duration<double>(clock_->monotonic_now() - start_).count();
    }

private:
    io::Terminal* terminal_;
    io::Clock* clock_;
    std::chrono::steady_clock::time_point start_;
};

/// What a later `stop` or `apiclient` has to know.
struct Record {
    io::ProcessId process = 0;
    std::uint16_t api_port = 0;
};

std::filesystem::path record_file(const RunPlaces& places)
{
    return places.state / "machine.json";
}

Result<void> write_record(io::Files& files, const RunPlaces& places, const Record& record)
{
    const Json json{{"process", record.process}, {"api-port", record.api_port}};
    return io::replace_file(files, record_file(places), to_pretty_text(json) + "\n");
}

Result<Record> read_record(io::Files& files, const RunPlaces& places)
{
    TRY_ASSIGN(const auto text, files.read(record_file(places), 65536));
    TRY_ASSIGN(const auto json, parse_json(text));
    if (!json.is_object() || !json.contains("process") || !json["process"].is_number_integer() ||
        !json.contains("api-port") || !json["api-port"].is_number_unsigned()) {
        return fail(Errc::corrupt, "{} is not ours", record_file(places).native());
    }
    return Record{json["process"].get<io::ProcessId>(), json["api-port"].get<std::uint16_t>()};
}

/// The socket is the proof: a process number may belong to somebody else by now.
bool is_running(const World& world, const RunPlaces& places)
{
    const auto connection = world.sockets.connect_local(StateFiles(places.state).visitor_socket);
    return connection.has_value();
}

/// Tells one build of an image from another.
Result<std::string> image_stamp(io::Processes& processes, const std::filesystem::path& image)
{
    TRY_ASSIGN(const auto text, io::run_checked(processes, {.arguments = {"stat", "-L", "-c",
                                                                          "%s %Y", image.native()},
                                                            .input = {},
                                                            .environment = {}}));
    TRY_ASSIGN(const auto target, io::run_checked(processes, {.arguments = {"readlink", "-f",
                                                                            image.native()},
                                                              .input = {},
                                                              .environment = {}}));
    return std::format("{} {}", trimmed(target), trimmed(text));
}

/// Whether the disk of the last run is one that this user data was given to, or need not be: a
/// machine reads user data at its first boot only.
bool had_user_data(io::Files& files, const std::filesystem::path& given,
                   const std::optional<std::string>& wanted)
{
    if (!wanted) {
        return true;
    }
    const auto before = files.read(given);
    return before.has_value() && *before == *wanted;
}

/// Copies the image unless the disk of the last run came from the same one.
Result<Disk> prepare_disk(const World& world, const RunPlaces& places, const RunOptions& options,
                          const std::optional<std::string>& user_data)
{
    const Disk disk{.file = places.state / "disk.img"};
    const auto source = places.state / "disk.source";
    const auto given = places.state / "disk.user-data";
    TRY_ASSIGN(const auto stamp, image_stamp(world.processes, options.image));
    const auto known = world.files.read(source, 4096);
    if (options.disk_state == RunOptions::DiskState::kept && known && *known == stamp &&
        world.files.exists(disk.file) && had_user_data(world.files, given, user_data)) {
        return disk;
    }
    TRY(world.files.remove(source));
    TRY(world.files.remove(StateFiles(places.state).variables));
    TRY(copy_image(world.processes, options.image, disk.file));
    TRY(user_data ? io::replace_file(world.files, given, *user_data, 0600)
                  : world.files.remove(given));
    TRY(io::replace_file(world.files, source, stamp));
    return disk;
}

/// Data needs some room behind the image's own partitions, or the machine restarts for ever.
Result<void> check_size(io::Processes& processes, const std::filesystem::path& image,
                        std::uint64_t gib)
{
    constexpr std::uint64_t least_data = 256U << 20U;
    TRY_ASSIGN(const auto text, io::run_checked(processes, {.arguments = {"stat", "-L", "-c", "%s",
                                                                          image.native()}}));
    const auto needed = std::strtoull(text.c_str(), nullptr, 10) + least_data;
    if (gib << 30U < needed) {
        return fail(Errc::invalid, "--disk {}: this image needs at least {} GiB", gib,
                    (needed + (1U << 30U) - 1) >> 30U);
    }
    return {};
}

/// Enlarges only: a disk of a machine that has run may be larger than asked for this time.
Result<void> enlarge(io::Processes& processes, const Disk& disk, std::uint64_t gib)
{
    return io::run_checked(processes, {.arguments = {"truncate", "-s", std::format(">{}G", gib),
                                                     disk.file.native()},
                                       .input = {},
                                       .environment = {}})
                   .has_value()
               ? Result<void>{}
               : fail(Errc::no_space, "enlarging {} failed", disk.file.native());
}

Result<void> write_secret(io::Files& files, const std::filesystem::path& path,
                          std::string_view content)
{
    return io::replace_file(files, path, content, 0600);
}

Result<Options> prepare(const World& world, const RunPlaces& places, const RunOptions& wanted,
                        std::uint16_t api_port)
{
    Options options;
    options.memory_mib = wanted.memory_mib;
    options.cpus = wanted.cpus;
    TRY_ASSIGN(options.accelerator, choose_accelerator(world.files, world.processes,
                                                       wanted.accelerator, places.cache));
    std::optional<std::string> user_data;
    if (wanted.user_data) {
        TRY_ASSIGN(user_data, world.files.read(*wanted.user_data));
    }
    if (!world.files.exists(wanted.image)) {
        return fail(Errc::not_found, "there is no image {}; ./holdfast build makes one",
                    wanted.image.native());
    }
    TRY(check_size(world.processes, wanted.image, wanted.disk_gib));
    TRY_ASSIGN(auto disk, prepare_disk(world, places, wanted, user_data));
    TRY(enlarge(world.processes, disk, wanted.disk_gib));
    options.disks.push_back(std::move(disk));
    TRY_ASSIGN(const auto identities,
               api_identities(world.files, places.keys, world.clock.now()));
    const auto settings = places.state / "machine-settings.toml";
    TRY(write_secret(world.files, settings, remote_api_user_data(identities)));
    options.firmware_config.emplace(user_data_config, settings);
    if (user_data) {
        options.cd_rom = places.state / "user-data.iso";
        TRY(make_user_data_cd(world.files, world.processes, *user_data, *options.cd_rom));
    }
    options.forwards = wanted.forwards;
    options.forwards.push_back({.host = api_port, .guest = api_port_in_guest});
    return options;
}

RemoteApi::Access access(const RunPlaces& places, std::uint16_t port)
{
    return {.port = port,
            .authority = places.keys.authority,
            .certificate = places.keys.client,
            .key = places.keys.client_key};
}

/// The file as people know it, in their checkout: the SDK tree has that elsewhere, as this directory.
std::string shown(const std::filesystem::path& file)
{
    return file.lexically_proximate(std::filesystem::current_path()).native();
}

void tell_how_to_talk(io::Terminal& terminal, const RunPlaces& places, std::uint16_t api_port)
{
    terminal.write(std::format("The API is at https://127.0.0.1:{}, the console's log at {}.\n"
                               "  ./holdfast apiclient get settings    reads settings\n"
                               "  ./holdfast apiclient set motd=hello  changes one\n"
                               "  ./holdfast stop                      shuts the machine down\n",
                               api_port, shown(StateFiles(places.state).console_log)));
}

Result<void> wait_for_api(const World& world, Machine& machine, const RemoteApi& api,
                          std::chrono::seconds limit)
{
    const auto deadline = world.clock.monotonic_now() + limit;
    for (;;) {
        const auto answer = api.request("GET", "/os", {}, std::chrono::seconds{5});
        if (answer && answer->status == 200) {
            return {};
        }
        if (machine.state() == Machine::State::exited) {
            return fail(Errc::io, "the machine has ended; see {}",
                        shown(machine.files().console_log));
        }
        if (world.clock.monotonic_now() >= deadline) {
            return fail(Errc::timeout,
                        "the API did not answer within {} ({}); the machine still runs, its "
                        "console's log is {}",
                        limit,
                        answer ? std::format("status {}", answer->status)
                               : answer.error().message(),
                        shown(machine.files().console_log));
        }
        world.clock.sleep(std::chrono::milliseconds{500});
    }
}

enum class Left { by_key, machine_ended };

/// Carries keys in and console text out until the person leaves or QEMU ends.
Result<Left> show_console(const World& world, io::Terminal& terminal, Machine& machine)
{
    TRY_ASSIGN(auto stream, world.sockets.connect_local(machine.files().console_socket));
    for (;;) {
        const auto typed = terminal.read_some(std::chrono::milliseconds{5});
        const auto leave = typed.find(leave_key);
        if (!typed.empty()) {
            TRY(stream->write_all(typed.substr(0, leave), std::chrono::seconds{10}));
        }
        if (leave != std::string::npos) {
            return Left::by_key;
        }
        const auto shown = stream->read_some(std::chrono::milliseconds{20});
        if (shown && !shown->empty()) {
            terminal.write(*shown);
        } else if (shown || shown.error().code() != Errc::timeout) {
            return Left::machine_ended;
        }
    }
}

Result<int> converse(const World& world, io::Terminal& terminal, const RunPlaces& places,
                     Machine& machine)
{
    terminal.write("Ctrl-] leaves the console and stops the machine.\n\n");
    if (terminal.interactive()) {
        terminal.make_raw();
    }
    const auto left = show_console(world, terminal, machine);
    terminal.restore();
    terminal.write("\n");
    TRY(left);
    if (*left == Left::machine_ended) {
        terminal.write("The machine has switched itself off.\n");
        return 0;
    }
    return stop(world, terminal, places, std::chrono::seconds{60});
}

/// True when QEMU ended within the limit, which the end of its control connection shows.
bool ended_within(Qmp& qmp, io::Clock& clock, std::chrono::seconds limit)
{
    const auto deadline = clock.monotonic_now() + limit;
    while (clock.monotonic_now() < deadline) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
            deadline - clock.monotonic_now());
        if (!qmp.take_events(left)) {
            return true;
        }
    }
    return false;
}

/// Presses the power button until the machine has ended; whether it did.
bool shut_down(Qmp& qmp, io::Clock& clock, std::chrono::seconds limit)
{
    const auto deadline = clock.monotonic_now() + limit;
    while (clock.monotonic_now() < deadline) {
        // QEMU that ends just now does not answer; whether it has is seen next.
        (void)qmp.execute("system_powerdown");
        if (ended_within(qmp, clock, button_patience)) {
            return true;
        }
    }
    return false;
}

} // namespace

Result<int> run(const World& world, io::Terminal& terminal, const RunPlaces& places,
                const RunOptions& options)
{
    if (is_running(world, places)) {
        return fail(Errc::conflict, "a machine runs already; ./holdfast stop ends it");
    }
    Steps steps(terminal, world.clock);
    steps.begin("preparing");
    TRY(world.files.create_directories(places.state));
    TRY_ASSIGN(const auto port, world.sockets.free_loopback_port());
    TRY_ASSIGN(auto prepared, prepare(world, places, options, port));
    TRY(world.files.remove(StateFiles(places.state).console_log));
    steps.end();
    steps.begin(std::format("starting ({})", name(prepared.accelerator)));
    TRY_ASSIGN(auto machine, Machine::start(world, std::move(prepared), places.state));
    TRY(write_record(world.files, places, {.process = machine.process(), .api_port = port}));
    steps.end();
    if (options.mode == RunOptions::Mode::console) {
        tell_how_to_talk(terminal, places, port);
        return converse(world, terminal, places, machine);
    }
    steps.begin("booting until the API answers");
    TRY(wait_for_api(world, machine, RemoteApi(access(places, port)), options.limit));
    steps.end();
    tell_how_to_talk(terminal, places, port);
    return 0;
}

Result<int> stop(const World& world, io::Terminal& terminal, const RunPlaces& places,
                 std::chrono::seconds limit)
{
    auto qmp = Qmp::connect(world.sockets, world.clock, StateFiles(places.state).visitor_socket);
    if (!qmp) {
        return qmp.error().code() == Errc::not_found
                   ? fail(Errc::not_found, "no machine is running")
                   : Failure{std::move(qmp).error()};
    }
    Steps steps(terminal, world.clock);
    steps.begin("shutting the machine down");
    if (!shut_down(*qmp, world.clock, limit)) {
        terminal.write("(no answer to the power button; pulling the plug) ");
        // QEMU may end before it has answered.
        (void)qmp->execute("quit");
        if (!ended_within(*qmp, world.clock, std::chrono::seconds{10})) {
            return fail(Errc::timeout, "QEMU does not end");
        }
    }
    steps.end();
    return world.files.remove(record_file(places)).has_value() ? 0 : 1;
}

Result<RemoteApi::Access> running_api(const World& world, const RunPlaces& places)
{
    if (!is_running(world, places)) {
        return fail(Errc::not_found, "no machine is running; ./holdfast run starts one");
    }
    TRY_ASSIGN(const auto record, read_record(world.files, places));
    return access(places, record.api_port);
}

} // namespace holdfast::machine
