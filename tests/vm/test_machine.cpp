#include "test_machine.hpp"

#include "base/text.hpp"
#include "machine/user_data.hpp"

#include <cstdlib>
#include <filesystem>
#include <format>

namespace holdfast::vm {

namespace {

namespace fs = std::filesystem;

fs::path from_environment(const char* name, const char* fallback)
{
    const char* value = std::getenv(name);
    return value == nullptr || *value == '\0' ? fallback : value;
}


} // namespace

fs::path image_under_test()
{
    return from_environment("HOLDFAST_IMAGE_DIR", "/src/holdfast/out/metal-dev") / "latest.img";
}

bool has_root_console()
{
    return variant_under_test().ends_with("-dev");
}

std::string variant_under_test()
{
    return image_under_test().parent_path().filename();
}

fs::path key_directory()
{
    return checkout / "keys";
}

std::string this_test()
{
    const auto* unit = ::testing::UnitTest::GetInstance();
    const auto* suite = unit->current_test_suite();
    const auto* test = unit->current_test_info();
    return std::string(suite->name()) + "." + (test == nullptr ? "suite" : test->name());
}

TestMachine::TestMachine(std::string name)
    : name_(std::move(name)), directory_(checkout / "out/test-logs" / name_)
{
    fs::remove_all(directory_);
    fs::create_directories(directory_);
    options.disks.push_back({.file = disk_file()});
    // Two suites run side by side on two processors; two in one machine wait for each other under the
    // translator, and cost a sixth more.
    options.cpus = 1;
}

TestMachine::~TestMachine()
{
    if (machine_ && machine_->state() == machine::Machine::State::running) {
        EXPECT_TRUE(succeeds(machine_->cut_power()));
    }
    std::error_code ignored;
    const auto* unit = ::testing::UnitTest::GetInstance();
    const auto* test = unit->current_test_info(); // None between the tests of a suite.
    if (test != nullptr ? test->result()->Failed() : unit->current_test_suite()->Failed()) {
        fs::remove(disk_file(), ignored);
        ADD_FAILURE() << "the machine's logs are in out/test-logs/" << name_
                      << "; its console ends with\n"
                      << end_of_console();
    } else {
        fs::remove_all(directory_, ignored);
    }
}

std::string TestMachine::end_of_console()
{
    constexpr std::size_t lines = 60;
    const auto text = machine_ ? machine_->console().text().value_or("") : "";
    auto start = text.size();
    for (std::size_t i = 0; i < lines && start != 0 && start != text.npos; ++i) {
        start = text.rfind('\n', start - 1);
    }
    return start == text.npos ? text : text.substr(start);
}

Result<void> TestMachine::give_user_data(std::string_view toml)
{
    options.cd_rom = directory_ / "user-data.iso";
    return machine::make_user_data_cd(files(), processes(), toml, *options.cd_rom);
}

Result<void> TestMachine::make_disk(std::uint64_t gib)
{
    TRY(machine::copy_image(processes(), image, disk_file())
            .while_("copying the image under test"));
    return machine::grow_image(processes(), disk_file(), gib << 30U);
}

Result<void> TestMachine::prepare_api()
{
    TRY_ASSIGN(const auto identities,
               machine::api_identities(files(), machine::KeyFiles(key_directory()),
                                       clock().now()));
    const auto settings = directory_ / "machine-settings.toml";
    auto user_data = machine::remote_api_user_data(identities);
    if (!host_containers && has_root_console()) {
        user_data += "[settings.host-containers.control]\nenabled = false\n";
    }
    TRY(io::replace_file(files(), settings, user_data, 0600));
    options.firmware_config[std::string(machine::user_data_config)] = settings;
    TRY_ASSIGN(api_port_, adapters_.sockets.free_loopback_port());
    options.forwards.push_back({.host = api_port_, .guest = 8443});
    const char* wish = std::getenv("HOLDFAST_ACCEL");
    TRY_ASSIGN(options.accelerator,
               machine::choose_accelerator(files(), processes(),
                                           wish == nullptr ? std::nullopt
                                                           : std::optional<std::string>(wish),
                                           "/var/cache/holdfast"));
    return {};
}

Result<void> TestMachine::start()
{
    if (!files().exists(disk_file())) {
        TRY(make_disk());
    }
    if (api_port_ == 0) {
        TRY(prepare_api());
    }
    shell_is_ready_ = false;
    machine_.reset();
    TRY_ASSIGN(auto started, machine::Machine::start(world_, options, directory_));
    machine_.emplace(std::move(started));
    return {};
}

Result<void> TestMachine::boot()
{
    TRY(start());
    return wait_for_api();
}

Result<void> TestMachine::wait_for_api(std::chrono::seconds limit)
{
    const auto deadline = clock().monotonic_now() + limit;
    for (;;) {
        const auto answer = api("GET", "/os");
        if (answer && answer->status == 200) {
            return {};
        }
        if (!is_running()) {
            return fail(Errc::io, "the machine has switched itself off");
        }
        if (clock().monotonic_now() >= deadline) {
            return fail(Errc::timeout, "the API did not answer within {}: {}", limit,
                        answer ? std::to_string(answer->status) : answer.error().message());
        }
        clock().sleep(250ms);
    }
}

Result<void> TestMachine::cut_power()
{
    return machine_->cut_power();
}

Result<void> TestMachine::power_down()
{
    return machine_->power_down(boot_limit);
}

bool TestMachine::is_running()
{
    return machine_ && machine_->state() == machine::Machine::State::running;
}

machine::RemoteApi TestMachine::api_access() const
{
    const machine::KeyFiles keys(key_directory());
    return machine::RemoteApi({.port = api_port_,
                               .authority = keys.authority,
                               .certificate = keys.client,
                               .key = keys.client_key});
}

Result<machine::ApiAnswer> TestMachine::api(const std::string& method, const std::string& path,
                                            const std::string& body)
{
    return api_access().request(method, path, body);
}

Result<Json> TestMachine::get(const std::string& path)
{
    TRY_ASSIGN(const auto answer, api("GET", path));
    if (answer.status != 200) {
        return fail(Errc::conflict, "GET {}: {} {}", path, answer.status, answer.body);
    }
    return parse_json(answer.body);
}

Result<void> TestMachine::set(const Json& settings)
{
    TRY_ASSIGN(const auto patched, api("PATCH", "/settings?tx=vm-test", to_text(settings)));
    if (patched.status != 204) {
        return fail(Errc::conflict, "PATCH /settings: {} {}", patched.status, patched.body);
    }
    TRY_ASSIGN(const auto committed, api("POST", "/tx/commit_and_apply?tx=vm-test"));
    if (committed.status != 200) {
        return fail(Errc::conflict, "commit: {} {}", committed.status, committed.body);
    }
    return {};
}

Result<void> TestMachine::wait_for_apply()
{
    const auto deadline = clock().monotonic_now() + boot_limit;
    for (;;) {
        TRY_ASSIGN(const auto status, get("/apply/status"));
        const auto state = status.value("state", "");
        if (state == "succeeded") {
            return {};
        }
        if (state == "failed") {
            return fail(Errc::conflict, "applying failed: {}", to_text(status));
        }
        if (clock().monotonic_now() >= deadline) {
            return fail(Errc::timeout, "still applying: {}", to_text(status));
        }
        clock().sleep(250ms);
    }
}

Result<machine::ShellAnswer> TestMachine::shell(const std::string& command,
                                                std::chrono::milliseconds limit)
{
    const auto deadline = clock().monotonic_now() + boot_limit;
    while (!shell_is_ready_) {
        // A shell that is still starting drops what is typed; ask until it answers.
        const auto answer = machine_->console().ask_shell("true", 5s);
        shell_is_ready_ = answer.has_value();
        if (shell_is_ready_) {
            // systemd's messages on the console would fall between an answer's lines:
            // SIGRTMIN+21 switches them off (systemd(1)).
            TRY(machine_->console().ask_shell("kill -s RTMIN+21 1", 5s));
        }
        if (!answer && clock().monotonic_now() >= deadline) {
            return answer;
        }
    }
    return machine_->console().ask_shell(command, limit);
}

Result<void> TestMachine::edit_disk(const std::function<Result<void>(io::BlockDevice&)>& edit)
{
    TRY_ASSIGN(auto device, io::PosixBlockDevice::open(
                                disk_file(), io::PosixBlockDevice::Access::read_write));
    TRY(edit(*device));
    return device->flush();
}

std::string TestMachine::fall_back_with(const std::string& part)
{
    std::string told;
    const auto deadline = clock().monotonic_now() + boot_limit;
    while (!told.contains(part) && clock().monotonic_now() < deadline) {
        clock().sleep(1s);
        const auto answer = get("/updates/last-fall-back");
        told = answer ? to_text(*answer) : answer.error().message();
    }
    return told;
}

boot::SlotFlags TestMachine::flags_of(std::string_view label)
{
    boot::SlotFlags flags;
    EXPECT_TRUE(succeeds(edit_disk([&](io::BlockDevice& disk) -> Result<void> {
        TRY_ASSIGN(const auto partition, machine::find_partition(disk, label));
        flags = partition.flags();
        return {};
    })));
    return flags;
}

Result<void> flip_bit(io::BlockDevice& disk, std::string_view label, std::uint64_t offset)
{
    TRY_ASSIGN(auto byte, machine::read_bytes(disk, label, offset, 1));
    byte[0] ^= std::byte{1};
    return machine::write_bytes(disk, label, offset, byte);
}

} // namespace holdfast::vm
