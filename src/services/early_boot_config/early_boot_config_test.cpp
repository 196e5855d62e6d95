#include "services/early_boot_config/early_boot_config.hpp"

#include "io/testing/fake_files.hpp"

#include <gmock/gmock.h>

namespace holdfast::early_boot_config {

namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

constexpr const char* marker = "/var/lib/bottlerocket/early-boot-config.ran";

/// An API that remembers what is asked, and whether a commit came before the marker.
class FakeClient final : public api::Client {
public:
    explicit FakeClient(io::Files& files) : files_(files) {}

    Result<api::HttpReply> exchange(std::string_view method, std::string_view target,
                                    std::string_view body) override
    {
        EXPECT_FALSE(files_.exists(marker)) << "the marker comes last";
        calls.push_back(std::format("{} {}", method, target));
        bodies.emplace_back(body);
        for (const auto& [start, status] : statuses) {
            if (calls.back().starts_with(start)) {
                return api::HttpReply{status, "told", ""};
            }
        }
        return api::HttpReply{200, "[]", ""};
    }

    std::vector<std::string> calls;
    std::vector<std::string> bodies;
    std::map<std::string, int> statuses;

private:
    io::Files& files_;
};

class EarlyBootConfig : public testing::Test {
protected:
    EarlyBootConfig()
        : model_(*settings::Model::load(
              R"({"variant": "v", "groups": ["motd", "ntp", "kernel", "api"], "settings": {}})")),
          client_(files_)
    {
        files_.put_directory("/var/lib/bottlerocket");
        files_.put("/dev/console", "");
    }

    Result<void> run() { return configure(providers(), model_, client_, files_, marker); }

    Json report() { return *parse_json(client_.bodies.back()); }

    settings::Model model_;
    io::FakeFiles files_;
    FakeClient client_;
};

TEST_F(EarlyBootConfig, HandsOverEachProviderInOrderWithItsNameThenCommitsThenReports)
{
    files_.put("/local/user-data-overrides.toml", "[settings]\nmotd = \"late\"\n");
    files_.put("/var/lib/bottlerocket/user-data.toml", "[settings]\nmotd = \"early\"\n");
    ASSERT_TRUE(run());
    EXPECT_THAT(
        client_.calls,
        ElementsAre(
            "PATCH /settings?tx=bottlerocket-launch&source=user-data&who=20-local-user-data",
            "PATCH /settings?tx=bottlerocket-launch&source=user-data&who=99-local-overrides",
            "GET /v2/tx?tx=bottlerocket-launch", "POST /tx/commit?tx=bottlerocket-launch",
            "POST /reports/user-data"));
    EXPECT_EQ(client_.bodies[0], R"({"motd":"early"})");
    EXPECT_TRUE(files_.exists(marker));
}

TEST_F(EarlyBootConfig, ABadKeyIsRefusedAloneAndToldEverywhere)
{
    files_.put("/media/cdrom/user-data",
               "[settings]\nmotd = \"x\"\nmotdd = \"y\"\n[settings.kernel]\nlockdown = \"zzz\"\n"
               "[settings.ntp]\ntime-servers = [2024-01-01]\n");
    ASSERT_TRUE(run());
    EXPECT_EQ(client_.bodies[0], R"({"motd":"x"})");
    EXPECT_THAT(*files_.read("/dev/console"),
                AllOf(HasSubstr("holdfast: user data 30-cd-rom, line 3: settings.motdd"),
                      HasSubstr("line 5: settings.kernel.lockdown"),
                      HasSubstr("line 7: settings.ntp.time-servers: a date or time")));
    const auto provider = report()["providers"][2];
    EXPECT_EQ(provider["name"], "30-cd-rom");
    EXPECT_EQ(provider["status"], "partly-applied");
    EXPECT_EQ(provider["problems"].size(), 3U);
    EXPECT_TRUE(files_.exists(marker)) << "bad content never stops the boot";
}

TEST_F(EarlyBootConfig, AnUnreadableDocumentIsRefusedAndOthersApply)
{
    files_.put("/media/cdrom/user-data", "[settings\n");
    files_.put("/var/lib/bottlerocket/user-data.toml", "[settings]\nmotd = \"x\"\n");
    ASSERT_TRUE(run());
    EXPECT_EQ(client_.bodies[0], R"({"motd":"x"})");
    EXPECT_THAT(*files_.read("/dev/console"), StartsWith("holdfast: user data 30-cd-rom, line 1"));
    EXPECT_EQ(report()["providers"][2]["status"], "refused");
}

TEST_F(EarlyBootConfig, NothingAnywhereLeavesTheMarkerToo)
{
    client_.statuses["POST /tx/commit"] = 422;
    ASSERT_TRUE(run());
    EXPECT_THAT(*files_.read("/dev/console"), IsEmpty());
    EXPECT_TRUE(files_.exists(marker));
}

TEST_F(EarlyBootConfig, DoesNothingWhereTheMarkerIs)
{
    files_.put("/var/lib/bottlerocket/user-data.toml", "[settings]\nmotd = \"x\"\n");
    files_.put(marker, "");
    ASSERT_TRUE(run());
    EXPECT_THAT(client_.calls, IsEmpty());
}

TEST_F(EarlyBootConfig, WithoutACommitThereIsNoMarker)
{
    files_.put("/var/lib/bottlerocket/user-data.toml", "[settings]\nmotd = \"x\"\n");
    client_.statuses["POST /tx/commit"] = 500;
    EXPECT_FALSE(run());
    EXPECT_FALSE(files_.exists(marker));
}

TEST_F(EarlyBootConfig, ContentThatTheServerRefusesIsReportedAndTheBootGoesOn)
{
    files_.put("/var/lib/bottlerocket/user-data.toml", "[settings]\nmotd = \"x\"\n");
    client_.statuses["PATCH"] = 400;
    ASSERT_TRUE(run());
    EXPECT_EQ(report()["providers"][1]["status"], "refused");
    EXPECT_TRUE(files_.exists(marker));
}

TEST_F(EarlyBootConfig, WhatDoesNotFitTogetherIsToldOfWhereItWasAskedFor)
{
    files_.put("/var/lib/bottlerocket/user-data.toml", "[settings]\nmotd = \"x\"\n");
    files_.put("/media/cdrom/user-data",
               "[settings.ntp]\ntime-servers = [\"a\"]\n[settings.api.remote]\nenabled = true\n");
    ASSERT_TRUE(run());
    EXPECT_THAT(*files_.read("/dev/console"),
                AllOf(HasSubstr("holdfast: user data 30-cd-rom, line 3: "
                                "settings.api.remote.client-ca: expected a certificate"),
                      HasSubstr("settings.api.remote.server-key: expected a private key")));
    const auto providers = report()["providers"];
    EXPECT_EQ(providers[1]["status"], "applied");
    EXPECT_EQ(providers[2]["status"], "partly-applied");
    EXPECT_EQ(providers[2]["problems"].size(), 3U);
    EXPECT_TRUE(files_.exists(marker));
}

TEST_F(EarlyBootConfig, DocumentsMayFitTogetherOnlyAsAWhole)
{
    files_.put("/var/lib/bottlerocket/user-data.toml", "[settings.api.remote]\nenabled = true\n");
    files_.put("/local/user-data-overrides.toml", "[settings.api.remote]\nenabled = false\n");
    ASSERT_TRUE(run());
    EXPECT_THAT(*files_.read("/dev/console"), IsEmpty());
    EXPECT_EQ(report()["providers"][1]["status"], "applied");
}

/// As many as fit into the longest user data.
TEST_F(EarlyBootConfig, ADocumentOfBadKeysIsToldOfInAHundredLines)
{
    std::string document = "[settings]\nmotd = \"x\"\n";
    for (int i = 0; i < 50'000; ++i) {
        document += std::format("no-such-setting-{} = 1\n", i);
    }
    files_.put("/media/cdrom/user-data", document);
    ASSERT_TRUE(run());
    EXPECT_EQ(report()["providers"][2]["problems"].size(), 101U);
    EXPECT_LT(client_.bodies.back().size(), 100'000U);
    const auto told = *files_.read("/dev/console");
    EXPECT_EQ(std::ranges::count(told, '\n'), 101);
    EXPECT_THAT(told, testing::EndsWith("user data 30-cd-rom: and 49900 more\r\n"));
}

TEST_F(EarlyBootConfig, AReportThatTheServerRefusesStopsNoBoot)
{
    files_.put("/var/lib/bottlerocket/user-data.toml", "[settings]\nmotd = \"x\"\n");
    client_.statuses["POST /reports/user-data"] = 413;
    EXPECT_TRUE(run());
    EXPECT_TRUE(files_.exists(marker));
}

TEST(ConsoleLines, CarryNoControlCharacters)
{
    const std::vector<ProviderReport> reports{{"p", "refused", {{"", 0, "a\x1b[2Jb\n"}}}};
    EXPECT_THAT(console_lines(reports), ElementsAre("user data p: a?[2Jb?"));
}

} // namespace

} // namespace holdfast::early_boot_config
