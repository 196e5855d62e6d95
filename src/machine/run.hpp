#pragma once

#include "io/terminal.hpp"
#include "machine/certificates.hpp"
#include "machine/machine.hpp"
#include "machine/remote_api.hpp"

#include <optional>
#include <string>
#include <vector>

namespace holdfast::machine {

/// Where the developer's one machine lives.
struct RunPlaces {
    std::filesystem::path state; ///< out/run: disk, variables, sockets, logs, machine.json.
    KeyFiles keys;               ///< Of the API; made when missing.
    std::filesystem::path cache; ///< For the accelerator's answer.
};

struct RunOptions {
    std::filesystem::path image;
    std::optional<std::filesystem::path> user_data;
    std::optional<std::string> accelerator; ///< The user's wish.
    enum class Mode { console, headless } mode = Mode::console;
    /// A kept disk goes on where the last run of the same image ended, unless it has had other user
    /// data than what is given now.
    enum class DiskState { kept, fresh } disk_state = DiskState::kept;
    int memory_mib = 2048;
    int cpus = 2;
    std::uint64_t disk_gib = 8; ///< The disk is enlarged to this; never made smaller.
    std::vector<PortForward> forwards;
    std::chrono::seconds limit{300}; ///< For the API's first answer.
};

/// Starts the image. Headless: returns once the remote API answers, and the machine goes on.
/// Console: shows the machine's console and hands it the keys, until Ctrl-] or the machine's end;
/// Ctrl-] also stops the machine. Tells on the terminal what it does, how long each step took, and
/// how to talk to the machine.
///
/// Errors: `conflict` when one runs already; `not_found` without the image; `timeout` when the API
/// does not answer, and the machine is left running to be looked at.
Result<int> run(const World& world, io::Terminal& terminal, const RunPlaces& places,
                const RunOptions& options);

/// Shuts the machine down: the power button, and after `limit` the plug. Errors: `not_found` when
/// none runs.
Result<int> stop(const World& world, io::Terminal& terminal, const RunPlaces& places,
                 std::chrono::seconds limit);

/// How to reach the API of the machine that runs. Errors: `not_found`.
Result<RemoteApi::Access> running_api(const World& world, const RunPlaces& places);

} // namespace holdfast::machine
