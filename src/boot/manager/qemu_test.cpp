// The boot manager on a real UEFI firmware in QEMU, with a disk made by sgdisk and mtools.

#include "boot/testing/test_disk.hpp"
#include "io/posix/posix_system.hpp"

#include <format>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <regex>

namespace holdfast::boot {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::uint64_t mebibyte = 1 << 20;
constexpr std::uint64_t disk_bytes = 20 * mebibyte;
// As sgdisk lays them out below.
constexpr std::uint64_t boot_a_offset = 9 * mebibyte;
constexpr std::uint64_t boot_b_offset = 12 * mebibyte;
constexpr const char* boot_a_id = "0a0a0a0a-0000-4000-8000-00000000000a";
constexpr const char* boot_b_id = "0b0b0b0b-0000-4000-8000-00000000000b";
constexpr const char* esp_id = "E5E5E5E5-0000-4000-8000-0000000000E5";

enum class Payload { switches_off, returns, garbage };

class BootManager : public ::testing::Test {
protected:
    void SetUp() override
    {
        folder_ = run({"mktemp", "-d"});
        folder_.pop_back();
        image_ = folder_ + "/disk.img";
        run({"truncate", "-s", std::to_string(disk_bytes), image_});
        partition();
        run({"mformat", "-i", image_ + "@@1M", "-T", "8192", "::"});
        run({"mmd", "-i", image_ + "@@1M", "::/EFI", "::/EFI/BOOT"});
        run({"mcopy", "-i", image_ + "@@1M", PROGRAMS "/BOOTX64.EFI", "::/EFI/BOOT/"});
        run({"cp", "/usr/share/OVMF/OVMF_VARS_4M.fd", folder_ + "/vars.fd"});
        open_disk();
    }

    void open_disk()
    {
        auto opened =
            io::PosixBlockDevice::open(image_, io::PosixBlockDevice::Access::read_write);
        ASSERT_TRUE(opened.has_value());
        disk_ = std::move(*opened);
    }

    void TearDown() override
    {
        if (!HasFailure()) {
            run({"rm", "-rf", folder_});
        }
    }

    std::string run(std::vector<std::string> arguments)
    {
        auto output = io::run_checked(processes_, {.arguments = std::move(arguments)});
        check(output.has_value(), output.has_value() ? "" : output.error().message());
        return *output;
    }

    void partition()
    {
        const std::array<std::array<std::string, 3>, 9> partitions{{
            {"4M", "ef00", "EFI-SYSTEM"},
            {"4M", "ef00", "EFI-BACKUP"},
            {"1M", "6b636168-7420-6568-2070-6c616e657421", "HOLDFAST-BOOT-A"},
            {"1M", "5526016a-1a97-4ea4-b39a-b7c8c6ca4502", "HOLDFAST-ROOT-A"},
            {"1M", "598f10af-c955-4456-6a99-7720068a6cea", "HOLDFAST-HASH-A"},
            {"1M", "6b636168-7420-6568-2070-6c616e657421", "HOLDFAST-BOOT-B"},
            {"1M", "5526016a-1a97-4ea4-b39a-b7c8c6ca4502", "HOLDFAST-ROOT-B"},
            {"1M", "598f10af-c955-4456-6a99-7720068a6cea", "HOLDFAST-HASH-B"},
            {"1M", "440408bb-eb0b-4328-a6e5-a29038fad706", "HOLDFAST-PRIVATE"},
        }};
        std::vector<std::string> command{"sgdisk"};
        for (std::size_t i = 0; i < partitions.size(); ++i) {
            const auto& [size, type, name] = partitions[i];
            command.push_back(std::format("--new={}:0:+{}", i + 1, size));
            command.push_back(std::format("--typecode={}:{}", i + 1, type));
            command.push_back(std::format("--change-name={}:{}", i + 1, name));
        }
        command.push_back(std::format("--partition-guid=1:{}", esp_id));
        command.push_back(std::format("--partition-guid=3:{}", boot_a_id));
        command.push_back(std::format("--partition-guid=6:{}", boot_b_id));
        command.push_back(image_);
        run(command);
    }

    void set_flags(SlotFlags a, SlotFlags b)
    {
        change_attributes(*disk_, boot_a, with_slot_flags(0, a));
        change_attributes(*disk_, boot_b, with_slot_flags(0, b));
    }

    enum class Signed { no, yes };
    void put(char letter, Payload kind, Signed wanted = Signed::no)
    {
        io::PosixFiles files;
        auto bytes = *files.read(PROGRAMS "/BOOT_TEST_PAYLOAD.EFI", mebibyte);
        bytes[bytes.find("LETTER=") + 7] = letter;
        bytes[bytes.find("ACTION=") + 7] = kind == Payload::returns ? 'R' : 'O';
        if (kind == Payload::garbage) {
            bytes.assign(bytes.size(), 'x');
        }
        if (wanted == Signed::yes) {
            const auto path = folder_ + "/payload";
            ASSERT_TRUE(io::replace_file(files, path, bytes).has_value());
            sign(path, path + ".signed");
            bytes = *files.read(path + ".signed", mebibyte);
        }
        bytes.resize((bytes.size() + 511) / 512 * 512);
        const auto offset = letter == 'A' ? boot_a_offset : boot_b_offset;
        ASSERT_TRUE(disk_->write(offset, std::as_bytes(std::span(bytes))).has_value());
    }

    /// Makes a key that the machine trusts, and signs what is on the disk's ESP.
    void turn_secure_boot_on()
    {
        run({"openssl", "req", "-new", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
             "-subj", "/CN=test", "-keyout", key(), "-out", certificate()});
        const std::string owner = "11111111-2222-3333-4444-555555555555";
        run({"virt-fw-vars", "--input", "/usr/share/OVMF/OVMF_VARS_4M.fd", "--output",
             folder_ + "/vars.fd", "--set-pk", owner, certificate(), "--add-kek", owner,
             certificate(), "--add-db", owner, certificate(), "--secure-boot"});
        firmware_ = "/usr/share/OVMF/OVMF_CODE_4M.secboot.fd";
        const auto manager = folder_ + "/BOOTX64.EFI";
        sign(PROGRAMS "/BOOTX64.EFI", manager);
        run({"mcopy", "-o", "-i", image_ + "@@1M", manager, "::/EFI/BOOT/"});
    }
    std::string key() const { return folder_ + "/test.key"; }
    std::string certificate() const { return folder_ + "/test.pem"; }
    void sign(const std::string& from, const std::string& to)
    {
        run({"sbsign", "--key", key(), "--cert", certificate(), "--output", to, from});
    }

    /// Runs the machine until it switches itself off or resets, and gives what the console said.
    std::string boot_machine()
    {
        const auto outcome = processes_.run(
            {.arguments = {"qemu-system-x86_64", "-machine", "q35,smm=on", "-accel", "tcg,thread=multi",
                           "-cpu", "max", "-m", "256", "-nodefaults", "-display", "none",
                           "-no-reboot", "-serial", "stdio", "-drive",
                           "if=pflash,unit=0,format=raw,readonly=on,file=" + firmware_,
                           "-drive", "if=pflash,unit=1,format=raw,file=" + folder_ + "/vars.fd",
                           "-drive", "if=none,id=disk,format=raw,file=" + image_, "-device",
                           "virtio-blk-pci,drive=disk"},
             .time_limit = 60s});
        check(outcome.has_value(), outcome.has_value() ? "" : outcome.error().message());
        EXPECT_EQ(outcome->exit_status, 0) << outcome->errors;
        std::string output = outcome->output;
        const auto start = output.find("holdfast: ");
        return start == std::string::npos ? output : output.substr(start);
    }

    io::PosixProcesses processes_;
    std::string folder_;
    std::string image_;
    std::string firmware_ = "/usr/share/OVMF/OVMF_CODE_4M.fd";
    std::unique_ptr<io::PosixBlockDevice> disk_;
};

TEST_F(BootManager, StartsATrialOnceAndThenTheOldSet)
{
    set_flags({1, 0, true}, {2, 1, false});
    put('A', Payload::switches_off);
    put('B', Payload::switches_off);
    // A damaged primary copy on top, whoever of firmware and boot manager rebuilds it.
    std::array<std::byte, 512> zeros{};
    ASSERT_TRUE(disk_->write(512, zeros).has_value());

    const auto first = boot_machine();
    EXPECT_THAT(first, HasSubstr("starting set B (priority 2, tries left 0, successful no)"));
    EXPECT_THAT(first, HasSubstr(std::format("payload B runs from {}", boot_b_id)));
    EXPECT_EQ(flags_on(*disk_, boot_b), (SlotFlags{2, 0, false}));
    EXPECT_TRUE(is_healthy(*disk_));

    const auto second = boot_machine();
    EXPECT_THAT(second, HasSubstr("starting set A (priority 1, tries left 0, successful yes)"));
    EXPECT_THAT(second, HasSubstr(std::format("payload A runs from {}", boot_a_id)));
    EXPECT_THAT(second, Not(HasSubstr("payload B")));
    EXPECT_THAT(second, Not(HasSubstr("HoldfastBootFault=its")));
}

TEST_F(BootManager, TellsTheSystemAboutTheBoot)
{
    set_flags({1, 0, true}, {});
    put('A', Payload::switches_off);

    const auto console = boot_machine();
    EXPECT_THAT(console, HasSubstr("LoaderInfo=holdfast-boot "));
    EXPECT_THAT(console, HasSubstr(std::format("LoaderDevicePartUUID={}", esp_id)));
    EXPECT_THAT(console, HasSubstr("LoaderEntrySelected=holdfast-a.efi"));
    EXPECT_THAT(console, HasSubstr("LoaderFirmwareType=UEFI 2."));
    std::smatch times;
    ASSERT_TRUE(std::regex_search(
        console, times,
        std::regex("LoaderTimeInitUSec=([0-9]+)[^]*LoaderTimeExecUSec=([0-9]+)")))
        << console;
    const auto start = std::stoull(times[1]);
    const auto execution = std::stoull(times[2]);
    EXPECT_GT(start, 0U);
    EXPECT_LT(start, execution);
    EXPECT_LT(execution - start, 60'000'000U) << "in microseconds";
}

TEST_F(BootManager, RepairsTheTableAndTakesTheOtherSetInTheSameBoot)
{
    // The backup keeps the table of before, as after a write that was cut short. A firmware that
    // rebuilds damaged copies itself, as OVMF does, leaves this to us. No tries: nothing else is
    // written.
    constexpr std::uint64_t backup_offset = disk_bytes - 33 * 512;
    std::vector<std::byte> backup(33 * 512);
    ASSERT_TRUE(disk_->read(backup_offset, backup).has_value());
    set_flags({1, 0, true}, {2, 0, true});
    ASSERT_TRUE(disk_->write(backup_offset, backup).has_value());
    ASSERT_FALSE(is_healthy(*disk_));
    put('A', Payload::switches_off);
    put('B', Payload::garbage);

    const auto console = boot_machine();
    EXPECT_THAT(console, HasSubstr("set B did not start: there is no executable image"));
    EXPECT_THAT(console, HasSubstr("payload A runs"));
    EXPECT_THAT(console, HasSubstr("HoldfastBootFault=its boot image did not start: there is no "
                                   "executable image"))
        << "so that set A can tell people";
    EXPECT_TRUE(is_healthy(*disk_));
    EXPECT_EQ(flags_on(*disk_, boot_b), (SlotFlags{2, 0, true}));
    EXPECT_THAT(run({"sgdisk", "--verify", image_}), HasSubstr("No problems found"));
}

TEST_F(BootManager, OfADiskThatGrewPutsTheBackupWhereFirmwareLooksForIt)
{
    set_flags({1, 0, true}, {});
    put('A', Payload::switches_off);
    run({"truncate", "-s", std::to_string(disk_bytes + 8 * mebibyte), image_});
    open_disk();
    EXPECT_THAT(boot_machine(), HasSubstr("payload A runs"));
    EXPECT_TRUE(is_healthy(*disk_));

    std::vector<std::byte> zeros(33 * 512);
    ASSERT_TRUE(disk_->write(512, zeros).has_value());
    EXPECT_THAT(boot_machine(), HasSubstr("payload A runs"));
    EXPECT_TRUE(is_healthy(*disk_));
}

TEST_F(BootManager, GoesOnWhenAnImageReturnsAndResetsWhenNothingIsLeft)
{
    set_flags({1, 1, false}, {2, 1, false});
    put('A', Payload::garbage);
    put('B', Payload::returns);

    const auto console = boot_machine();
    EXPECT_THAT(console, HasSubstr("payload B runs"));
    EXPECT_THAT(console, HasSubstr("set B did not start: what was started came back"));
    EXPECT_THAT(console, HasSubstr("set A did not start: there is no executable image"));
    EXPECT_THAT(console, HasSubstr("cannot boot: there is no executable image; restarting"));
    EXPECT_EQ(flags_on(*disk_, boot_a), (SlotFlags{1, 0, false}));
}

TEST_F(BootManager, StartsOnlyTrustedImagesUnderSecureBoot)
{
    turn_secure_boot_on();
    set_flags({1, 0, true}, {2, 1, false});
    put('A', Payload::switches_off, Signed::yes);
    put('B', Payload::switches_off);

    const auto console = boot_machine();
    EXPECT_THAT(console, HasSubstr("set B did not start: Secure Boot does not trust the image"));
    EXPECT_THAT(console, HasSubstr("payload A runs"));
    EXPECT_THAT(console, Not(HasSubstr("payload B runs")));
}

} // namespace
} // namespace holdfast::boot
