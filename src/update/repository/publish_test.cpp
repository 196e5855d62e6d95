#include "update/repository/publish.hpp"

#include "base/text.hpp"
#include "crypto/sha256.hpp"
#include "update/repository/abandon.hpp"
#include "update/repository/draft_build.hpp"
#include "update/repository/expiration.hpp"
#include "update/repository/prune.hpp"
#include "update/repository/testing/test_publisher.hpp"
#include "update/tuf/keys.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast::publish {
namespace {

using crypto::PrivateKey;
using crypto::SignatureScheme;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

TEST(Publish, OffersWhatWasAdded)
{
    TestPublisher publisher;
    EXPECT_THAT(*publisher.add("1.0.0"), IsEmpty());
    EXPECT_THAT(publisher.verify()->versions, ElementsAre("1.0.0"));
    EXPECT_THAT(*publisher.add("1.1.0", {"1.0.0"}), IsEmpty());
    EXPECT_THAT(publisher.verify()->versions, ElementsAre("1.0.0", "1.1.0"));
    EXPECT_THAT(*publisher.files.list(publisher.layout.metadata(TestPublisher::channel)),
                ElementsAre("1.root.json", "1704067200.snapshot.json", "1704067200.targets.json",
                            "1704067201.snapshot.json", "1704067201.targets.json",
                            "timestamp.json"))
        << "seconds since 1970, and one more in the same second";
    EXPECT_THAT(*publisher.files.list(publisher.layout.drafts(TestPublisher::channel)), IsEmpty());
}

/// A machine that keeps what it has seen.
struct Machine {
    TestPublisher& publisher;
    io::FakeFiles files;

    explicit Machine(TestPublisher& of) : publisher(of)
    {
        files.put("/root.json", *publisher.files.read(publisher.layout.roots() / "1.root.json"));
    }
    /// The versions that it finds, or why it refuses.
    std::string look()
    {
        FileServer server(publisher.files, TestPublisher::folder);
        const auto found =
            verify_channel(server, files, publisher.clock, TestPublisher::channel,
                           {.url = "http://repo", .first_root = "/root.json", .scratch = "/kept"});
        return found.has_value() ? join(found->versions, " ") : found.error().message();
    }
};

TEST(Versions, OfARepositoryMadeAnewAreAheadOfThoseThatMachinesHaveSeen)
{
    TestPublisher publisher;
    ASSERT_TRUE(publisher.add("1.0.0").has_value());
    ASSERT_TRUE(publisher.add("1.1.0", {"1.0.0"}).has_value());
    const auto backup = publisher.files;
    publisher.clock.advance(std::chrono::days(1));
    ASSERT_TRUE(publisher.add("1.2.0", {"1.1.0"}).has_value());
    Machine machine(publisher);
    ASSERT_EQ(machine.look(), "1.0.0 1.1.0 1.2.0");

    publisher.files = backup;
    publisher.clock.advance(std::chrono::seconds(1));
    EXPECT_THAT(machine.look(), HasSubstr("goes back")) << "until something is published";
    ASSERT_TRUE(draft_refresh(publisher.files, publisher.clock, publisher.layout,
                              TestPublisher::channel, "targets", {})
                    .has_value());
    ASSERT_TRUE(publisher.publish_now()->empty());
    EXPECT_EQ(machine.look(), "1.0.0 1.1.0");

    // The same root once more, as images and the folder of keys have it, and nothing else.
    const auto root = publisher.layout.roots() / "1.root.json";
    const auto text = *publisher.files.read(root);
    publisher.files = {};
    publisher.files.put(root, text);
    publisher.clock.advance(std::chrono::seconds(1));
    ASSERT_TRUE(publisher.add("1.0.0").has_value());
    EXPECT_EQ(machine.look(), "1.0.0");
}

TEST(Versions, AscendWhereThePublishersClockIsSetBack)
{
    TestPublisher publisher;
    ASSERT_TRUE(publisher.add("1.0.0").has_value());
    Machine machine(publisher);
    ASSERT_EQ(machine.look(), "1.0.0");
    const auto load = [&] {
        return *load_published(publisher.files, publisher.layout, TestPublisher::channel);
    };
    const auto before = load();
    publisher.clock.set(publisher.clock.now() - std::chrono::days(1));
    ASSERT_TRUE(publisher.add("1.1.0", {"1.0.0"}).has_value());
    const auto after = load();
    EXPECT_EQ(after.targets->part.version, before.targets->part.version + 1);
    EXPECT_EQ(after.snapshot->part.version, before.snapshot->part.version + 1);
    EXPECT_EQ(after.timestamp->part.version, before.timestamp->part.version + 1);
    EXPECT_EQ(machine.look(), "1.0.0 1.1.0");
}

TEST(Versions, AreSecondsOrOneMoreThanBefore)
{
    using std::chrono::seconds;
    EXPECT_EQ(next_version(0, tuf::Time(seconds(1704067200))), 1704067200U);
    EXPECT_EQ(next_version(7, tuf::Time(seconds(1704067200))), 1704067200U);
    EXPECT_EQ(next_version(1704067200, tuf::Time(seconds(1704067200))), 1704067201U);
    EXPECT_EQ(next_version(1704067300, tuf::Time(seconds(1704067200))), 1704067301U);
    EXPECT_EQ(next_version(0, tuf::Time(seconds(-1))), 1U);
}

/// What another tool has put there is not ours to drop.
TEST(Publish, KeepsWhatOthersHaveWritten)
{
    TestPublisher publisher;
    ASSERT_TRUE(publisher.add("1.0.0").has_value());
    const auto folder = publisher.layout.drafts(TestPublisher::channel);
    const auto annotate = [&](const char* name, auto published) {
        auto part = published.document.signed_part();
        part["version"] = published.part.version + 1;
        part["x-note"] = "kept";
        publisher.files.put(folder / name, tuf::Document::make(part)->text());
    };
    const auto load = [&] {
        return *load_published(publisher.files, publisher.layout, TestPublisher::channel);
    };
    annotate("targets.json", *load().targets);
    ASSERT_TRUE(publisher.publish_now()->empty());
    annotate("snapshot.json", *load().snapshot);
    ASSERT_TRUE(publisher.publish_now()->empty());
    annotate("timestamp.json", *load().timestamp);
    ASSERT_TRUE(publisher.publish_now()->empty());

    ASSERT_TRUE(publisher.add("1.1.0", {"1.0.0"}).has_value());
    const auto published = load();
    EXPECT_EQ(published.targets->document.signed_part()["x-note"], "kept");
    EXPECT_EQ(published.snapshot->document.signed_part()["x-note"], "kept");
    EXPECT_EQ(published.timestamp->document.signed_part()["x-note"], "kept");
    EXPECT_THAT(publisher.verify()->versions, ElementsAre("1.0.0", "1.1.0"));
}

TEST(Publish, RenewsBeforeItExpires)
{
    TestPublisher publisher;
    ASSERT_TRUE(publisher.add("1.0.0").has_value());
    publisher.clock.advance(std::chrono::days(8));
    EXPECT_THAT(publisher.verify().error().message(), HasSubstr("timestamp.json: expired"));
    const auto renew = [&](const char* role) {
        const auto drafted = draft_refresh(publisher.files, publisher.clock, publisher.layout,
                                           TestPublisher::channel, role, {});
        const auto waiting = publisher.publish_now();
        return drafted.has_value() && waiting.has_value() && waiting->empty();
    };
    EXPECT_TRUE(renew("timestamp"));
    EXPECT_TRUE(publisher.verify().has_value());
    publisher.clock.advance(std::chrono::days(5));
    EXPECT_TRUE(renew("snapshot"));
    EXPECT_TRUE(publisher.verify().has_value());
    publisher.clock.advance(std::chrono::days(2));
    EXPECT_THAT(publisher.verify().error().message(), HasSubstr("targets.json: expired"));
    EXPECT_TRUE(renew("targets"));
    EXPECT_TRUE(publisher.verify().has_value());
}

TEST(Expirations, AreToldOfWhatHasExpiredToo)
{
    TestPublisher publisher;
    ASSERT_TRUE(publisher.add("1.0.0").has_value());
    publisher.clock.advance(std::chrono::weeks(60));
    const auto start = std::chrono::sys_days(std::chrono::year(2024) / 1 / 1);
    const std::map<std::string, tuf::Time> expected{
        {"root.json", start + std::chrono::weeks(52)},
        {"snapshot.json", start + std::chrono::weeks(2)},
        {"targets.json", start + std::chrono::weeks(2)},
        {"timestamp.json", start + std::chrono::weeks(1)}};
    FileServer server(publisher.files, TestPublisher::folder);
    const auto found = find_expirations(server, publisher.files, TestPublisher::channel,
                                        {.url = "http://repo",
                                         .first_root = publisher.layout.roots() / "1.root.json",
                                         .scratch = "/scratch"});
    ASSERT_TRUE(found.has_value()) << found.error().message();
    EXPECT_EQ(*found, expected);
}

TEST(Channels, AreFoldersWhateverElseLiesBesideThem)
{
    TestPublisher publisher;
    ASSERT_TRUE(publisher.add("1.0.0").has_value());
    for (const auto* stray : {"drafts/root.json.new", "metadata/README", "metadata/.git/objects/x",
                              "metadata/metal/index.html", "targets/folder/x"}) {
        publisher.files.put(TestPublisher::folder / stray, "no metadata");
    }
    EXPECT_THAT(*list_channels(publisher.files, publisher.layout),
                ElementsAre(TestPublisher::channel));
    EXPECT_TRUE(publisher.publish_now().has_value());
    EXPECT_THAT(*prune(publisher.files, publisher.layout), IsEmpty());
}

TEST(Prune, RemovesWhatNothingRefersTo)
{
    TestPublisher publisher;
    ASSERT_TRUE(publisher.add("1.0.0").has_value());
    ASSERT_TRUE(publisher.add("1.1.0", {"1.0.0"}).has_value());
    const auto targets = publisher.layout.targets();
    const auto before = publisher.files.list(targets)->size();
    const auto take_back = [&] {
        auto content = load_content(publisher.files, publisher.layout, TestPublisher::channel);
        return remove_version(*content, TestPublisher::channel, version_of("1.1.0")).has_value() &&
               draft_content(publisher.files, publisher.layout, TestPublisher::channel,
                             *std::move(content),
                             std::chrono::sys_days(std::chrono::year(2024) / 1 / 1),
                             std::chrono::weeks(2))
                   .has_value();
    };
    // One manifest is of the time before 1.1.0.
    EXPECT_THAT(*prune(publisher.files, publisher.layout), ElementsAre(HasSubstr("manifest.json")));
    ASSERT_TRUE(take_back());
    EXPECT_THAT(*prune(publisher.files, publisher.layout), IsEmpty()) << "machines still see it";
    ASSERT_TRUE(publisher.publish_now()->empty());
    EXPECT_THAT(*prune(publisher.files, publisher.layout), SizeIs(5)) << "payloads and a manifest";
    EXPECT_THAT(*publisher.files.list(targets), SizeIs(before - 5));
    EXPECT_THAT(publisher.verify()->versions, ElementsAre("1.0.0"));

    io::FakeFiles empty;
    EXPECT_EQ(prune(empty, publisher.layout).error().code(), Errc::not_found);
}

TEST(Publish, SignsNothingThatMachinesWouldRefuse)
{
    TestPublisher publisher;
    ASSERT_TRUE(publisher.add("1.0.0").has_value());
    publisher.clock.advance(std::chrono::weeks(60));
    EXPECT_THAT(publisher.add("1.1.0", {"1.0.0"}).error().message(),
                HasSubstr("machines would refuse metal/x86_64: root.json: expired"));

    TestPublisher stranger;
    TestPublisher other;
    stranger.files.put("/other-root.json", *other.files.read(other.layout.roots() / "1.root.json"));
    stranger.options.shipped_root = "/other-root.json";
    EXPECT_THAT(stranger.add("1.0.0").error().message(), HasSubstr("machines would refuse"));
    EXPECT_FALSE(stranger.verify().has_value()) << "nothing was published";
}

/// Two people of whom both must sign targets and root; a machine of theirs signs the rest.
struct TwoPeople : ::testing::Test {
    TestPublisher publisher;
    KeyRing anna;
    KeyRing bert;
    KeyRing robot;
    RootKeys keys;

    void SetUp() override
    {
        publisher.files.remove(publisher.layout.roots() / "1.root.json").has_value();
        for (auto* person : {&anna, &bert}) {
            auto key = PrivateKey::generate(SignatureScheme::ecdsa_p256_sha256);
            keys.root.keys.push_back(key.public_key());
            keys.targets.keys.push_back(key.public_key());
            person->add(std::move(key));
        }
        keys.root.threshold = keys.targets.threshold = 2;
        auto key = PrivateKey::generate(SignatureScheme::ed25519);
        keys.snapshot.keys.push_back(key.public_key());
        keys.timestamp.keys.push_back(key.public_key());
        robot.add(std::move(key));
        const auto root = make_root(keys, std::chrono::sys_days(std::chrono::year(2025) / 1 / 1));
        ASSERT_TRUE(save_root_draft(publisher.files, publisher.layout, *root).has_value());
    }
    std::vector<Waiting> sign(const KeyRing& who)
    {
        auto waiting = publish(publisher.files, publisher.clock, publisher.layout, who,
                               publisher.options);
        EXPECT_TRUE(waiting.has_value()) << waiting.error().message();
        return waiting.has_value() ? *waiting : std::vector<Waiting>();
    }
    bool refresh(const char* role)
    {
        return draft_refresh(publisher.files, publisher.clock, publisher.layout,
                             TestPublisher::channel, role, {})
            .has_value();
    }
    void publish_first_version()
    {
        sign(anna);
        sign(bert);
        publisher.keys = {};
        ASSERT_TRUE(publisher.add("1.0.0").has_value());
        sign(anna);
        sign(bert);
        ASSERT_THAT(sign(robot), IsEmpty());
    }
};

TEST_F(TwoPeople, SignInTurn)
{
    EXPECT_THAT(sign(anna), SizeIs(1));
    EXPECT_THAT(sign(bert), IsEmpty());
    publisher.keys = {};
    EXPECT_EQ((*publisher.add("1.0.0"))[0].document, "metal/x86_64 targets.json");
    EXPECT_EQ(sign(bert)[0].reason, "1 of 2 needed signatures hold");
    EXPECT_EQ(sign(bert)[0].reason, "1 of 2 needed signatures hold");
    EXPECT_EQ(sign(robot)[0].document, "metal/x86_64 targets.json");
    EXPECT_EQ(sign(anna)[0].document, "metal/x86_64 snapshot.json");
    EXPECT_FALSE(publisher.verify().has_value());
    EXPECT_THAT(sign(robot), IsEmpty());
    EXPECT_THAT(publisher.verify()->versions, ElementsAre("1.0.0"));
}

TEST_F(TwoPeople, DoNotHoldUpTheTimestamp)
{
    publish_first_version();
    ASSERT_TRUE(publisher.add("1.1.0", {"1.0.0"}).has_value());
    sign(anna);

    // Bert is away for longer than a timestamp lasts.
    publisher.clock.advance(std::chrono::days(8));
    ASSERT_FALSE(publisher.verify().has_value());
    ASSERT_TRUE(refresh("timestamp"));
    EXPECT_EQ(sign(robot)[0].document, "metal/x86_64 targets.json");
    ASSERT_TRUE(publisher.verify().has_value()) << publisher.verify().error().message();
    EXPECT_THAT(publisher.verify()->versions, ElementsAre("1.0.0"));

    sign(bert);
    EXPECT_THAT(sign(robot), IsEmpty());
    EXPECT_THAT(publisher.verify()->versions, ElementsAre("1.0.0", "1.1.0"));
}

TEST(Publish, GoesOnAfterTheRootHasExpired)
{
    TestPublisher publisher;
    ASSERT_TRUE(publisher.add("1.0.0").has_value());
    publisher.clock.advance(std::chrono::weeks(60));
    // What is refused leaves a draft behind.
    ASSERT_FALSE(publisher.add("1.1.0", {"1.0.0"}).has_value());
    auto root = *load_next_root(publisher.files, publisher.layout);
    root.expires = std::chrono::sys_days(std::chrono::year(2040) / 1 / 1);
    ASSERT_TRUE(save_root_draft(publisher.files, publisher.layout, root).has_value());
    const auto waiting = publisher.publish_now();
    ASSERT_TRUE(waiting.has_value()) << waiting.error().message();
    EXPECT_THAT(*waiting, IsEmpty());
    const auto found = publisher.verify();
    ASSERT_TRUE(found.has_value()) << found.error().message();
    EXPECT_THAT(found->versions, ElementsAre("1.0.0", "1.1.0"));
}

TEST_F(TwoPeople, KeepTheirSignaturesOverARefresh)
{
    publish_first_version();
    ASSERT_TRUE(publisher.add("1.1.0", {"1.0.0"}).has_value());
    sign(anna);
    publisher.clock.advance(std::chrono::days(5));
    ASSERT_TRUE(refresh("targets"));
    EXPECT_THAT(sign(robot), SizeIs(1)) << "1.1.0 waits for bert only";
    publisher.clock.advance(std::chrono::days(5));
    EXPECT_TRUE(publisher.verify().has_value()) << "what is published was renewed";
    sign(bert);
    EXPECT_THAT(sign(robot), IsEmpty());
    EXPECT_THAT(publisher.verify()->versions, ElementsAre("1.0.0", "1.1.0"));

    // Nobody came for so long that it would expire as soon as it is published.
    ASSERT_TRUE(publisher.add("1.2.0", {"1.1.0"}).has_value());
    sign(anna);
    publisher.clock.advance(std::chrono::days(8));
    ASSERT_TRUE(refresh("targets"));
    EXPECT_EQ(sign(bert)[0].reason, "1 of 2 needed signatures hold");
    sign(anna);
    EXPECT_THAT(sign(robot), IsEmpty());
    EXPECT_THAT(publisher.verify()->versions, ElementsAre("1.0.0", "1.1.0", "1.2.0"));
}

/// An add that was broken off is done again.
TEST_F(TwoPeople, AddAgainWhatWaits)
{
    publish_first_version();
    EXPECT_THAT(publisher.add("1.0.0").error().message(), HasSubstr("offers 1.0.0 already"));
    ASSERT_TRUE(publisher.add("1.1.0", {"1.0.0"}).has_value());
    sign(anna);
    EXPECT_EQ((*publisher.add("1.1.0", {"1.0.0"}))[0].reason, "1 of 2 needed signatures hold");
    const auto start = std::chrono::floor<std::chrono::seconds>(publisher.clock.now());
    EXPECT_EQ((*publisher.add("1.1.0", {"1.0.0"}, {{0, start}}))[0].reason,
              "0 of 2 needed signatures hold")
        << "its waves are others";
    const auto waves = [this] {
        return load_content(publisher.files, publisher.layout, TestPublisher::channel)
            ->manifest.updates.back()
            .waves;
    };
    EXPECT_THAT(waves(), SizeIs(1));

    auto other = TestPublisher::build("1.1.0");
    other.root.name += ".other";
    const auto draft = [&] {
        return draft_build(publisher.files, publisher.layout, other, {},
                           [](const Payload&) { return Result<std::string>("other bytes"); }, start,
                           std::chrono::weeks(2));
    };
    EXPECT_THAT(draft().error().message(),
                HasSubstr("1.1.0 of metal/x86_64 waits to be published already, with other payloads: "
                          "repo sign goes on with it, repo abandon --variant metal --arch x86_64"));
    other = TestPublisher::build("1.1.0");
    other.hash.sha256 = crypto::sha256("other bytes").hex();
    EXPECT_EQ(draft().error().code(), Errc::conflict);

    sign(anna);
    sign(bert);
    EXPECT_THAT(sign(robot), IsEmpty());
    EXPECT_THAT(waves(), SizeIs(1));
    EXPECT_THAT(publisher.verify()->versions, ElementsAre("1.0.0", "1.1.0"));
    EXPECT_THAT(publisher.add("1.1.0").error().message(), HasSubstr("offers 1.1.0 already"));

    // One whose payloads are not what its manifest says is not drafted.
    other = TestPublisher::build("1.2.0");
    EXPECT_FALSE(draft().has_value());
    EXPECT_THAT(sign(anna), IsEmpty());
}

/// Waves pass while somebody is awaited, and all of the fleet at once is what they are there to prevent.
TEST_F(TwoPeople, PublishNoVersionInTheMiddleOfItsWaves)
{
    using namespace std::chrono_literals;
    publish_first_version();
    const auto waves = [this] {
        return *update::build_waves(
            {.waves = {{.start_after = 1h, .fleet_percentage = 1},
                       {.start_after = 4h, .fleet_percentage = 5},
                       {.start_after = 24h * 6, .fleet_percentage = 100}}},
            std::chrono::floor<std::chrono::seconds>(publisher.clock.now()));
    };
    ASSERT_TRUE(publisher.add("1.1.0", {"1.0.0"}, waves()).has_value());
    sign(anna);
    publisher.clock.advance(24h * 7 - 1h);
    for (const auto* who : {&bert, &robot}) {
        const auto waiting = sign(*who);
        ASSERT_THAT(waiting, SizeIs(1));
        EXPECT_EQ(waiting[0].document, "metal/x86_64 targets.json");
        EXPECT_EQ(waiting[0].missing, "new waves");
        EXPECT_THAT(waiting[0].reason, HasSubstr("the waves of 1.1.0 began at 2024-01-01T01:00:00Z"));
    }
    EXPECT_THAT(publisher.verify()->versions, ElementsAre("1.0.0"));
    ASSERT_TRUE(refresh("timestamp"));
    EXPECT_THAT(sign(robot), SizeIs(1));
    publisher.clock.advance(24h * 6);
    EXPECT_THAT(publisher.verify()->versions, ElementsAre("1.0.0")) << "the timestamp was renewed";

    const auto start = publisher.files;
    // As it is, with the signatures that it has.
    publisher.options.late_waves = LateWaves::are_taken;
    EXPECT_THAT(sign(robot), IsEmpty());
    EXPECT_THAT(publisher.verify()->versions, ElementsAre("1.0.0", "1.1.0"));

    // Or with new waves, which are signed anew.
    publisher.files = start;
    publisher.options.late_waves = LateWaves::wait;
    auto content = *load_content(publisher.files, publisher.layout, TestPublisher::channel);
    ASSERT_TRUE(set_waves(content, TestPublisher::channel, version_of("1.1.0"), waves()).has_value());
    const auto now = std::chrono::floor<std::chrono::seconds>(publisher.clock.now());
    ASSERT_TRUE(draft_content(publisher.files, publisher.layout, TestPublisher::channel, content, now,
                              24h * 14)
                    .has_value());
    EXPECT_EQ(sign(anna)[0].missing, "signatures");
    publisher.clock.advance(3h);
    sign(bert);
    EXPECT_THAT(sign(robot), IsEmpty()) << "its first wave only has begun";
    EXPECT_THAT(publisher.verify()->versions, ElementsAre("1.0.0", "1.1.0"));

    // What is published goes on through its waves.
    publisher.clock.advance(24h * 3);
    ASSERT_TRUE(refresh("targets"));
    sign(anna);
    sign(bert);
    EXPECT_THAT(sign(robot), IsEmpty());
}

/// One who takes over from the robot.
struct NewRobot : TwoPeople {
    KeyRing new_robot;

    void draft_root()
    {
        auto new_key = PrivateKey::generate(SignatureScheme::ed25519);
        auto root = *load_current_root(publisher.files, publisher.layout);
        for (const auto* role : {"snapshot", "timestamp"}) {
            RoleChange change{.role = role};
            change.add.push_back(new_key.public_key());
            change.remove = std::string_view(role) == "timestamp" ? root.timestamp.key_ids
                                                                  : root.snapshot.key_ids;
            auto changed = change_root(root, change);
            ASSERT_TRUE(changed.has_value()) << changed.error().message();
            root = *changed;
        }
        ++root.version;
        ASSERT_TRUE(save_root_draft(publisher.files, publisher.layout, root).has_value());
        new_robot.add(std::move(new_key));
    }
    tuf::Version root_version()
    {
        return load_current_root(publisher.files, publisher.layout)->version;
    }
    std::vector<std::string> targets_published()
    {
        auto names = *publisher.files.list(publisher.layout.metadata(TestPublisher::channel));
        std::erase_if(names, [](const auto& name) { return !name.ends_with(".targets.json"); });
        return names;
    }
    std::vector<std::string> drafts()
    {
        return *publisher.files.list(publisher.layout.drafts(TestPublisher::channel));
    }
};

TEST_F(NewRobot, TakesOverWithoutAGapForMachines)
{
    publish_first_version();
    draft_root();
    const std::pair<const KeyRing*, const char*> turns[] = {{&new_robot, "new robot"},
                                                            {&anna, "anna"},
                                                            {&bert, "bert"},
                                                            {&robot, "robot"},
                                                            {&new_robot, "new robot, once more"}};
    for (const auto& [who, name] : turns) {
        EXPECT_EQ(root_version(), 1U) << name;
        sign(*who);
        EXPECT_TRUE(publisher.verify().has_value()) << name;
    }
    EXPECT_EQ(root_version(), 2U);
    EXPECT_THAT(sign(new_robot), IsEmpty());
    EXPECT_THAT(drafts(), IsEmpty());
    ASSERT_TRUE(refresh("timestamp"));
    EXPECT_THAT(sign(robot), SizeIs(1)) << "the old robot's key counts no more";
    EXPECT_THAT(sign(new_robot), IsEmpty());
}

TEST_F(NewRobot, HoldsUpNoTimestampWhoeverIsMissing)
{
    publish_first_version();
    draft_root();
    sign(anna);
    publisher.clock.advance(std::chrono::days(6));
    ASSERT_TRUE(refresh("timestamp"));
    sign(robot);
    publisher.clock.advance(std::chrono::days(6));
    EXPECT_TRUE(publisher.verify().has_value()) << "bert has not signed the root";

    sign(bert);
    EXPECT_EQ(sign(robot).back().reason, "metal/x86_64 is not signed by the new root's keys yet");
    ASSERT_TRUE(refresh("targets"));
    sign(anna);
    sign(bert);
    sign(robot);
    publisher.clock.advance(std::chrono::days(6));
    EXPECT_TRUE(publisher.verify().has_value()) << "the new robot has signed nothing";
    EXPECT_EQ(root_version(), 1U);

    // It comes at last.
    sign(new_robot);
    sign(robot);
    EXPECT_THAT(sign(new_robot), IsEmpty());
    EXPECT_EQ(root_version(), 2U);
    EXPECT_TRUE(publisher.verify().has_value());
}

TEST_F(NewRobot, MayBeGivenUp)
{
    publish_first_version();
    EXPECT_EQ(abandon_root(publisher.files, publisher.layout).error().code(), Errc::not_found);
    draft_root();
    sign(new_robot);
    ASSERT_TRUE(publisher.add("1.1.0", {"1.0.0"}).has_value());
    sign(anna);
    ASSERT_THAT(drafts(), ElementsAre("snapshot.json", "targets.json", "timestamp.json"));
    ASSERT_TRUE(abandon_root(publisher.files, publisher.layout).has_value());
    EXPECT_THAT(drafts(), ElementsAre("targets.json")) << "1.1.0 goes on waiting";
    sign(bert);
    EXPECT_THAT(sign(robot), IsEmpty());
    EXPECT_EQ(root_version(), 1U);
    EXPECT_THAT(publisher.verify()->versions, ElementsAre("1.0.0", "1.1.0"));

    ASSERT_TRUE(publisher.add("1.2.0", {"1.1.0"}).has_value());
    const auto give_up = [this] {
        return abandon_drafts(publisher.files, publisher.layout, TestPublisher::channel);
    };
    ASSERT_TRUE(give_up().has_value());
    EXPECT_EQ(give_up().error().code(), Errc::not_found);
    EXPECT_THAT(sign(anna), IsEmpty());
    EXPECT_THAT(publisher.verify()->versions, ElementsAre("1.0.0", "1.1.0"));
}

TEST_F(NewRobot, IsWaitedForWhereMachinesTakeNothingBeforeTheNextRoot)
{
    publish_first_version();
    publisher.clock.advance(std::chrono::weeks(53));
    const auto published_before = targets_published();
    draft_root();
    auto root = *load_next_root(publisher.files, publisher.layout);
    root.expires = std::chrono::sys_days(std::chrono::year(2040) / 1 / 1);
    ASSERT_TRUE(save_root_draft(publisher.files, publisher.layout, root).has_value());
    ASSERT_TRUE(refresh("targets"));
    for (const auto* who : {&anna, &bert, &robot, &new_robot, &robot}) {
        EXPECT_EQ(root_version(), 1U);
        sign(*who);
        EXPECT_FALSE(targets_published() != published_before && root_version() == 1)
            << "no machine would take it";
    }
    EXPECT_EQ(root_version(), 2U);
    EXPECT_TRUE(publisher.verify().has_value()) << publisher.verify().error().message();
}

TEST(Publish, NoRootThatMachinesWouldRefuse)
{
    TestPublisher publisher;
    ASSERT_TRUE(publisher.add("1.0.0").has_value());
    auto root = *load_next_root(publisher.files, publisher.layout);
    root.expires = std::chrono::floor<std::chrono::seconds>(publisher.clock.now());
    ASSERT_TRUE(save_root_draft(publisher.files, publisher.layout, root).has_value());
    EXPECT_THAT(publisher.publish_now().error().message(),
                HasSubstr("machines would refuse the new root: root.json: expired"));
    EXPECT_TRUE(publisher.verify().has_value());

    root.version = 1;
    const Layout other("/other");
    ASSERT_TRUE(save_root_draft(publisher.files, other, root).has_value());
    EXPECT_THAT(
        publish(publisher.files, publisher.clock, other, publisher.keys, {}).error().message(),
        HasSubstr("machines would refuse the first root: root.json: expired"));
    EXPECT_FALSE(publisher.files.exists("/other/roots"));
}

TEST(Roots, KeepTheirThresholds)
{
    RootKeys keys;
    EXPECT_FALSE(make_root(keys, {}).has_value()) << "no keys at all";
    const auto key = PrivateKey::generate(SignatureScheme::ed25519);
    for (auto* role : {&keys.root, &keys.timestamp, &keys.snapshot, &keys.targets}) {
        role->keys.push_back(key.public_key());
    }
    const auto root = make_root(keys, {});
    ASSERT_TRUE(root.has_value());
    EXPECT_EQ(root->keys.size(), 1U);
    EXPECT_FALSE(change_root(*root, {.role = "root", .threshold = 2}).has_value());
    EXPECT_FALSE(change_root(*root, {.role = "mayor"}).has_value());
    EXPECT_FALSE(change_root(*root, {.role = "root", .remove = {"unknown"}}).has_value());
    EXPECT_FALSE(change_root(*root, {.role = "root", .remove = root->root.key_ids}).has_value());
}

TEST(ExpirationPolicy, IsReadFromToml)
{
    const auto policy = parse_expiration_policy("targets_expiration = '3 weeks'\n");
    ASSERT_TRUE(policy.has_value()) << policy.error().message();
    EXPECT_EQ(policy->targets, std::chrono::weeks(3));
    EXPECT_EQ(policy->timestamp, std::chrono::weeks(1));
    EXPECT_FALSE(parse_expiration_policy("lunch_expiration = '1 day'").has_value());
    EXPECT_FALSE(parse_expiration_policy("targets_expiration = 3").has_value());
}

} // namespace
} // namespace holdfast::publish
