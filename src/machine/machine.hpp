#pragma once

#include "io/background.hpp"
#include "io/clock.hpp"
#include "io/files.hpp"
#include "io/processes.hpp"
#include "io/sockets.hpp"
#include "machine/arguments.hpp"
#include "machine/console.hpp"
#include "machine/qmp.hpp"

namespace holdfast::machine {

/// What a virtual machine needs of the outside.
struct World {
    io::Files& files;
    io::Clock& clock;
    io::Processes& processes;
    io::Background& background;
    io::Sockets& sockets;
};

/// How long the power button may be without effect before it is pressed again: nobody listens to it
/// while a machine boots.
inline constexpr std::chrono::seconds button_patience{8};

/// One running QEMU. It goes on when this object is destroyed; whoever started it for a test cuts
/// its power.
class Machine {
public:
    enum class State { running, exited };

    /// Starts the machine and returns when its firmware is about to run. `world` is borrowed for
    /// as long as the object lives. UEFI variables that an
    /// earlier run left in the directory are kept, the console's log is appended to.
    /// Errors: `io` with QEMU's own words when it does not start; `not_found`, `timeout`.
    static Result<Machine> start(const World& world, Options options,
                                 const std::filesystem::path& state_directory);

    State state();
    io::ProcessId process() const { return process_; }
    const Options& options() const { return options_; }
    const StateFiles& files() const { return state_; }
    Console& console() { return console_; }
    Qmp& control() { return control_; }

    /// The plug is pulled: QEMU is killed at once, and the disks keep what their PowerLoss says.
    Result<void> cut_power();
    /// The reset button.
    Result<void> reset();
    /// The power button, pressed shortly (ACPI); waits until the guest has shut down.
    /// Errors: `timeout`; the machine then still runs.
    Result<void> power_down(std::chrono::milliseconds limit);
    /// Until the guest has switched itself off. Errors: `timeout`.
    Result<void> wait_for_exit(std::chrono::milliseconds limit);
    /// Until the next reset, whoever caused it: the guest, the watchdog or a crash. Errors:
    /// `timeout`.
    Result<void> wait_for_reset(std::chrono::milliseconds limit);

private:
    Machine(const World& world, Options options, StateFiles state, io::ProcessId process,
            Qmp control, Console console);

    const World* world_;
    Options options_;
    StateFiles state_;
    io::ProcessId process_;
    Qmp control_;
    Console console_;
};

} // namespace holdfast::machine
