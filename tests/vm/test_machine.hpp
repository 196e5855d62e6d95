#pragma once

#include "io/posix/posix_background.hpp"
#include "io/posix/posix_sockets.hpp"
#include "io/posix/posix_system.hpp"
#include "machine/certificates.hpp"
#include "machine/disk.hpp"
#include "machine/machine.hpp"
#include "machine/partitions.hpp"
#include "machine/remote_api.hpp"

#include <functional>
#include <gtest/gtest.h>
#include <optional>
#include <string>

namespace holdfast::vm {

using namespace std::chrono_literals;

/// How long a whole boot may take: about 20 s under TCG, several times that on a busy machine.
inline constexpr auto boot_limit = 240s;

inline const std::filesystem::path checkout = "/src/holdfast";

/// The disk image under test: HOLDFAST_IMAGE_DIR/latest.img, by default of the metal-dev variant.
std::filesystem::path image_under_test();
/// Whether that image has a shell on its console: development variants have one, others no shell at
/// all, and are looked at through the API and the disk alone.
bool has_root_console();
/// The name of its variant, such as "metal-dev".
std::string variant_under_test();
/// What this checkout signs images and its APIs with.
std::filesystem::path key_directory();

/// What a machine is started with.
struct Adapters {
    io::PosixFiles files;
    io::PosixClock clock;
    io::PosixProcesses processes;
    io::PosixBackground background;
    io::PosixSockets sockets;

    machine::World world() { return {files, clock, processes, background, sockets}; }
};

/// A virtual machine of one test, with a disk of its own. It is cut off when the test ends; its logs
/// stay in out/test-logs/<name>/ when the test failed.
class TestMachine {
public:
    /// `name` is that of the test, and a directory.
    explicit TestMachine(std::string name);
    ~TestMachine();
    TestMachine(const TestMachine&) = delete;
    TestMachine& operator=(const TestMachine&) = delete;

    // Before the first start.
    machine::Options options; ///< Disk, fw_cfg and the API's port are filled in.
    std::filesystem::path image = image_under_test();
    /// Whether the containers that the image would start by itself run. Starting them costs more
    /// than the rest of a boot, and few tests are about them.
    bool host_containers = false;
    /// Puts user data on a CD.
    Result<void> give_user_data(std::string_view toml);

    /// Copies the image, enlarged to `gib`. Part of the first start; call it to edit the disk before.
    Result<void> make_disk(std::uint64_t gib = 3);
    Result<void> start();
    /// start() and wait_for_api().
    Result<void> boot();
    /// Until GET /os is answered.
    Result<void> wait_for_api(std::chrono::seconds limit = boot_limit);

    Result<void> cut_power();
    Result<void> power_down();
    bool is_running();
    machine::Machine& running() { return *machine_; }
    machine::Console& console() { return machine_->console(); }

    /// Any HTTP answer. `access` is that of the developer's client where none is given.
    Result<machine::ApiAnswer> api(const std::string& method, const std::string& path,
                                   const std::string& body = {});
    machine::RemoteApi api_access() const;
    /// The JSON of a GET that has to succeed.
    Result<Json> get(const std::string& path);
    /// Sets settings in one transaction, commits and applies them. Errors: `conflict` with the
    /// answer when it is refused.
    Result<void> set(const Json& settings);
    /// What the API tells about the last fall-back as soon as that contains `part`, or at last.
    std::string fall_back_with(const std::string& part);
    /// Until the last change is rendered and its services are restarted. Errors: `conflict` with the
    /// applier's report when that failed.
    Result<void> wait_for_apply();
    /// A command in the root shell on the console.
    Result<machine::ShellAnswer> shell(const std::string& command,
                                       std::chrono::milliseconds limit = 30s);

    /// The disk of the machine while it is off.
    Result<void> edit_disk(const std::function<Result<void>(io::BlockDevice&)>& edit);
    /// The flags of a set, by the label of its boot partition; while the machine runs, too.
    boot::SlotFlags flags_of(std::string_view label);
    const std::filesystem::path& directory() const { return directory_; }
    std::filesystem::path disk_file() const { return directory_ / "disk.img"; }
    io::Files& files() { return adapters_.files; }
    io::Processes& processes() { return adapters_.processes; }
    io::Clock& clock() { return adapters_.clock; }

private:
    Result<void> prepare_api();
    std::string end_of_console();

    Adapters adapters_;
    machine::World world_ = adapters_.world();
    std::string name_;
    std::filesystem::path directory_;
    std::uint16_t api_port_ = 0;
    bool shell_is_ready_ = false;
    std::optional<machine::Machine> machine_;
};

/// Flips the lowest bit of a byte of a partition.
Result<void> flip_bit(io::BlockDevice& disk, std::string_view label, std::uint64_t offset);

/// The name of the running test, "Suite.Test".
std::string this_test();

/// For ASSERT_TRUE and EXPECT_TRUE: success, or the error's text.
template <typename T>
::testing::AssertionResult succeeds(const Result<T>& result)
{
    return result.has_value() ? ::testing::AssertionSuccess()
                              : ::testing::AssertionFailure() << result.error().message();
}

} // namespace holdfast::vm
