#include "services/boot_health/fall_back.hpp"

#include "io/testing/fake_clock.hpp"
#include "io/testing/fake_files.hpp"
#include "update/status/status.hpp"
#include "json/json.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast::boot_health {
namespace {

using ::testing::HasSubstr;

std::string status(const char* a, const char* b, char active)
{
    return std::format("OS disk: /dev/vda\nSet A:   boot=/dev/vda3 {}\nSet B:   boot=/dev/vda6 {}\n"
                       "Active:  Set {}\nNext:    Set A\n",
                       a, b, active);
}

constexpr auto good = "priority=1 tries_left=0 successful=true";
constexpr auto better = "priority=2 tries_left=0 successful=true";
constexpr auto failed = "priority=2 tries_left=0 successful=false";
constexpr auto declined = "priority=1 tries_left=0 successful=false";

TEST(SetThatWasLeft, IsTheOtherOneThatWasTriedInVainOrGaveWay)
{
    struct Case {
        const char* what;
        std::string status;
        std::optional<LeftSet> set;
    };
    for (const auto& [what, text, set] : {
             Case{"fell back to A", status(good, failed, 'A'), LeftSet{'b'}},
             Case{"fell back to B", status(failed, good, 'B'), LeftSet{'a'}},
             Case{"A handed over to B", status(declined, better, 'B'), LeftSet{'a', true}},
             Case{"the trial itself", status(good, failed, 'B'), std::nullopt},
             Case{"two good sets", status(good, better, 'A'), std::nullopt},
             Case{"empty other set", status(good, "priority=0 tries_left=0 successful=false", 'A'),
                  std::nullopt},
             Case{"prepared", status(good, "priority=0 tries_left=1 successful=false", 'A'),
                  std::nullopt},
             Case{"to be tried", status(good, "priority=2 tries_left=1 successful=false", 'A'),
                  std::nullopt},
             Case{"one set",
                  "Set A:   priority=1 tries_left=0 successful=true\nSet B:   none\n"
                  "Active:  Set A\n",
                  std::nullopt},
             Case{"nothing", "", std::nullopt},
         }) {
        EXPECT_EQ(set_that_was_left(text), set) << what;
    }
}

class FallBack : public ::testing::Test {
protected:
    void look() { report_fall_back(files, clock, status(good, failed, 'A')); }
    Json record()
    {
        const auto text = files.read(update::fall_back_path);
        return text.has_value() ? *parse_json(*text) : Json();
    }
    std::string reason() { return record().value("reason", ""); }

    io::FakeFiles files{
        {update::staged_path, R"({"version": "1.1.0", "when": "2024-01-01T00:00:00Z"})"},
        {"/.bottlerocket/x", ""},
        {"/run/holdfast/x", ""}};
    io::FakeClock clock;
};

TEST_F(FallBack, TellsWhatBootHealthSawInTheFailedBoot)
{
    files.put("/.bottlerocket/boot-failure.json",
              R"({"reason": "mine.service failed", "boot": "HOLDFAST_SET=b\n"})");
    look();
    EXPECT_EQ(reason(), "set B did not mark itself successful: mine.service failed");
    EXPECT_EQ(record()["version"], "1.1.0");
    EXPECT_EQ(record()["when"], "2024-01-01T00:00:00Z");
    EXPECT_FALSE(files.exists("/.bottlerocket/boot-failure.json"));
}

TEST_F(FallBack, TellsOfASetThatGaveWayWithItsOwnVersion)
{
    // Prepared last was the set that runs.
    files.put("/.bottlerocket/boot-failure.json",
              R"({"reason": "apiserver.service failed", "version": "1.0.0",
                  "boot": "HOLDFAST_SET=a\n"})");
    report_fall_back(files, clock, status(declined, better, 'B'));
    EXPECT_EQ(reason(), "set A did not mark itself successful: apiserver.service failed");
    EXPECT_EQ(record()["version"], "1.0.0");
}

TEST_F(FallBack, DoesNotBlameTheOtherSetsOldTrouble)
{
    files.put("/.bottlerocket/boot-failure.json",
              R"({"reason": "mine.service failed", "boot": "HOLDFAST_SET=a\n"})");
    look();
    EXPECT_THAT(reason(), HasSubstr("did not get as far as its own file systems"));
}

TEST_F(FallBack, TellsOfBootManagerInitrdAndKernel)
{
    files.put("/sys/fs/pstore/dmesg-efi-1",
              "Panic#1 Part1\n<0>[    3.1] Kernel panic - not syncing: Attempted to kill init!\n");
    look();
    EXPECT_THAT(reason(), HasSubstr("Kernel panic - not syncing: Attempted to kill init!"));

    files.put(update::fall_back_path, "");
    files.put("/sys/fs/pstore/dmesg-efi-1",
              "Panic#1 Part1\n"
              "<3>[    3.5] device-mapper: verity: 254:7: data block 0 is corrupted\n"
              "<0>[    3.6] Kernel panic - not syncing: dm-verity device corrupted\n");
    look();
    EXPECT_THAT(reason(), HasSubstr("Kernel panic - not syncing: dm-verity device corrupted"));

    files.put(update::fall_back_path, "");
    files.put("/run/holdfast/boot-fault", "its initrd failed: opening verity: corrupted\n");
    look();
    EXPECT_THAT(reason(), HasSubstr("its initrd failed: opening verity: corrupted"));
}

TEST_F(FallBack, KnowsAtLeastHowFarItCame)
{
    files.put("/run/holdfast/previous-boot", "HOLDFAST_DISK=/dev/vda\nHOLDFAST_SET=b\n");
    look();
    EXPECT_THAT(reason(), HasSubstr("stopped before the boot was judged"));
}

TEST_F(FallBack, IsNoCrashWhereSomebodyWentBack)
{
    files.put("/run/holdfast/previous-boot", "HOLDFAST_DISK=/dev/vda\nHOLDFAST_SET=b\n");
    report_fall_back(files, clock, status(better, declined, 'A'));
    EXPECT_EQ(reason(), "set B did not mark itself successful: somebody went back to the other set "
                        "before the boot was judged");
}

TEST_F(FallBack, IsToldOncePerUpdate)
{
    look();
    clock.advance(std::chrono::hours(1));
    look();
    EXPECT_EQ(record()["when"], "2024-01-01T00:00:00Z");

    files.put(update::staged_path, R"({"version": "1.2.0", "when": "2024-01-01T00:30:00Z"})");
    look();
    EXPECT_EQ(record()["when"], "2024-01-01T01:00:00Z");
    EXPECT_EQ(record()["version"], "1.2.0");
}

TEST_F(FallBack, NeedsNoKnowledgeOfTheUpdate)
{
    ASSERT_TRUE(files.remove(update::staged_path).has_value());
    look();
    EXPECT_TRUE(record()["version"].is_null());
}

TEST_F(FallBack, IsForgottenWhenAnUpdateSucceeds)
{
    look();
    forget_fall_back(files);
    EXPECT_FALSE(files.exists(update::fall_back_path));
}

} // namespace
} // namespace holdfast::boot_health
