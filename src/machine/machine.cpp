#include "machine/machine.hpp"

#include "base/text.hpp"
#include "machine/disk.hpp"

#include <algorithm>

namespace holdfast::machine {

namespace {

constexpr auto start_limit = std::chrono::seconds{20};
constexpr auto poll_interval = std::chrono::milliseconds{20};

Result<void> prepare(const World& world, const Options& options, const StateFiles& state)
{
    TRY(world.files.create_directories(state.directory));
    if (!world.files.exists(state.variables)) {
        TRY(copy_image(world.processes, options.firmware.variables, state.variables));
    }
    // A socket that a dead QEMU left would refuse the connection that waits for the new one.
    for (const auto& socket : {state.console_socket, state.control_socket, state.visitor_socket}) {
        TRY(world.files.remove(socket));
    }
    return prepare_disks(world.files, world.processes, options, state);
}

/// QEMU's own words, for the person who has to change something.
std::string last_words(io::Files& files, const StateFiles& state)
{
    const auto log = files.read(state.qemu_log);
    return log ? std::string(trimmed(*log)) : "it left no log";
}

Result<Qmp> connect(const World& world, const StateFiles& state, io::ProcessId process)
{
    const auto deadline = world.clock.monotonic_now() + start_limit;
    for (;;) {
        auto qmp = Qmp::connect(world.sockets, world.clock, state.control_socket);
        if (qmp || qmp.error().code() != Errc::not_found) {
            return qmp;
        }
        if (!world.background.running(process)) {
            return fail(Errc::io, "QEMU did not start: {}", last_words(world.files, state));
        }
        if (world.clock.monotonic_now() >= deadline) {
            return fail(Errc::timeout, "QEMU did not open its control socket");
        }
        world.clock.sleep(poll_interval);
    }
}

} // namespace

Machine::Machine(const World& world, Options options, StateFiles state, io::ProcessId process,
                 Qmp control, Console console)
    : world_(&world), options_(std::move(options)), state_(std::move(state)), process_(process),
      control_(std::move(control)), console_(std::move(console))
{
}

Result<Machine> Machine::start(const World& world, Options options,
                               const std::filesystem::path& state_directory)
{
    const StateFiles state(state_directory);
    TRY(prepare(world, options, state).while_("preparing the machine"));
    TRY(world.files.remove(state.qemu_log));
    Console console(world.files, world.clock, world.sockets, state.console_log,
                    state.console_socket);
    // The log goes on over restarts; what an earlier run said is no answer to anybody now.
    TRY(console.skip_to_end());
    TRY_ASSIGN(const auto process,
               world.background.start(qemu_arguments(options, state), state.qemu_log));
    auto control = connect(world, state, process);
    if (!control) {
        TRY(world.background.kill(process));
        return Failure{std::move(control).error()};
    }
    return Machine(world, std::move(options), state, process, *std::move(control),
                   std::move(console));
}

Machine::State Machine::state()
{
    return world_->background.running(process_) ? State::running : State::exited;
}

Result<void> Machine::cut_power()
{
    TRY(world_->background.kill(process_));
    return settle_disks(world_->files, world_->processes, options_, state_);
}

Result<void> Machine::reset()
{
    TRY(control_.execute("system_reset"));
    return {};
}

Result<void> Machine::power_down(std::chrono::milliseconds limit)
{
    const auto deadline = world_->clock.monotonic_now() + limit;
    for (;;) {
        const auto pressed = control_.execute("system_powerdown");
        if (!pressed.has_value()) {
            // QEMU closes its connection a moment before it ends.
            if (auto ended = wait_for_exit(button_patience); ended.has_value()) {
                return ended;
            }
            return Failure{pressed.error()};
        }
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
            deadline - world_->clock.monotonic_now());
        const bool last = left <= button_patience;
        auto ended = wait_for_exit(last ? left : button_patience);
        if (ended.has_value() || last || ended.error().code() != Errc::timeout) {
            return ended;
        }
    }
}

Result<void> Machine::wait_for_exit(std::chrono::milliseconds limit)
{
    const auto deadline = world_->clock.monotonic_now() + limit;
    while (state() == State::running) {
        if (world_->clock.monotonic_now() >= deadline) {
            return fail(Errc::timeout, "the machine is still running after {}",
                        std::chrono::duration_cast<std::chrono::seconds>(limit));
        }
        world_->clock.sleep(poll_interval);
    }
    return settle_disks(world_->files, world_->processes, options_, state_);
}

Result<void> Machine::wait_for_reset(std::chrono::milliseconds limit)
{
    const auto deadline = world_->clock.monotonic_now() + limit;
    while (world_->clock.monotonic_now() < deadline) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
            deadline - world_->clock.monotonic_now());
        TRY_ASSIGN(const auto events, control_.take_events(left));
        if (std::ranges::any_of(events, [](const Json& event) {
                return event.at("event") == "RESET";
            })) {
            return {};
        }
    }
    return fail(Errc::timeout, "the machine did not restart within {}",
                std::chrono::duration_cast<std::chrono::seconds>(limit));
}

} // namespace holdfast::machine
