// Firmware that knows only the keys of this checkout.

#include "test_machine.hpp"

#include "machine/secure_boot.hpp"

namespace holdfast::vm {
namespace {

Result<void> enrol_keys(TestMachine& machine)
{
    const auto keys = key_directory() / "secure-boot";
    TRY_ASSIGN(machine.options.firmware,
               machine::secure_boot_firmware(machine.processes(),
                                             {.platform_key = keys / "PK.pem",
                                              .key_exchange_key = keys / "KEK.pem",
                                              .signature_database = keys / "db.pem"},
                                             machine.directory() / "template.fd"));
    return {};
}

TEST(SecureBoot, StartsWhatIsSignedAndRefusesAnAlteredImage)
{
    TestMachine machine(this_test());
    ASSERT_TRUE(succeeds(enrol_keys(machine)));
    ASSERT_TRUE(succeeds(machine.boot()));
    ASSERT_TRUE(succeeds(machine.cut_power()));

    // One bit in the middle of the UKI: still a well-formed image, no longer the signed one.
    ASSERT_TRUE(succeeds(machine.edit_disk([](io::BlockDevice& disk) -> Result<void> {
        constexpr std::uint64_t middle = 6U << 20U;
        TRY_ASSIGN(auto byte, machine::read_bytes(disk, "HOLDFAST-BOOT-A", middle, 1));
        byte[0] ^= std::byte{1};
        return machine::write_bytes(disk, "HOLDFAST-BOOT-A", middle, byte);
    })));
    ASSERT_TRUE(succeeds(machine.start()));
    EXPECT_TRUE(succeeds(machine.console().wait_for("starting set A", boot_limit)));
    EXPECT_TRUE(succeeds(machine.console().wait_for("cannot boot", 60s)));
}

TEST(SecureBoot, RefusesABootManagerSignedBySomebodyElse)
{
    TestMachine machine(this_test());
    ASSERT_TRUE(succeeds(machine.make_disk()));
    // The firmware's keys are others than those that the image was signed with.
    const auto foreign =
        machine::make_identity(machine::Role::authority, "somebody else",
                               machine::ten_years(machine.clock().now()), nullptr);
    ASSERT_TRUE(succeeds(foreign));
    const auto certificate = machine.directory() / "foreign.pem";
    ASSERT_TRUE(succeeds(io::replace_file(machine.files(), certificate, foreign->certificate)));
    auto firmware = machine::secure_boot_firmware(machine.processes(),
                                                  {.platform_key = certificate,
                                                   .key_exchange_key = certificate,
                                                   .signature_database = certificate},
                                                  machine.directory() / "template.fd");
    ASSERT_TRUE(succeeds(firmware));
    machine.options.firmware = *firmware;
    ASSERT_TRUE(succeeds(machine.start()));
    EXPECT_TRUE(succeeds(
        machine.console().wait_for("Access Denied|Security Violation|Secure Boot", boot_limit)));
    EXPECT_FALSE(machine.console().wait_for("starting set", 5s).has_value());
}

} // namespace
} // namespace holdfast::vm
