#include "update/repository/publish.hpp"

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
using ::testing::SizeIs;

TEST(Publish, OffersWhatWasAdded)
{
    TestPublisher publisher;
    EXPECT_THAT(*publisher.add("1.0.0"), IsEmpty());
    EXPECT_THAT(publisher.verify()->versions, ElementsAre("1.0.0"));
    EXPECT_THAT(*publisher.add("1.1.0", {"1.0.0"}), IsEmpty());
    EXPECT_THAT(publisher.verify()->versions, ElementsAre("1.0.0", "1.1.0"));
    EXPECT_THAT(*publisher.files.list(publisher.layout.metadata(TestPublisher::channel)),
                ElementsAre("1.root.json", "1.snapshot.json", "1.targets.json", "2.snapshot.json",
                            "2.targets.json", "timestamp.json"));
    EXPECT_THAT(*publisher.files.list(publisher.layout.drafts(TestPublisher::channel)), IsEmpty());
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
                             *std::move(content), std::chrono::sys_days(std::chrono::year(2030) / 1 / 1))
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
        auto waiting = publish(publisher.files, publisher.clock, publisher.layout, who, {});
        EXPECT_TRUE(waiting.has_value()) << waiting.error().message();
        return waiting.has_value() ? *waiting : std::vector<Waiting>();
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
    ASSERT_TRUE(draft_refresh(publisher.files, publisher.clock, publisher.layout,
                              TestPublisher::channel, "timestamp", {})
                    .has_value());
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

TEST_F(TwoPeople, RotateAKeyWithoutAGapForMachines)
{
    publish_first_version();

    // A new robot takes over.
    auto new_key = PrivateKey::generate(SignatureScheme::ed25519);
    auto root = *load_current_root(publisher.files, publisher.layout);
    for (const auto* role : {"snapshot", "timestamp"}) {
        RoleChange change{.role = role};
        change.add.push_back(std::move(*crypto::PublicKey::from_pem(new_key.public_key().pem())));
        change.remove = root.snapshot.key_ids;
        if (std::string_view(role) == "timestamp") {
            change.remove = root.timestamp.key_ids;
        }
        auto changed = change_root(root, change);
        ASSERT_TRUE(changed.has_value()) << changed.error().message();
        root = *changed;
    }
    ++root.version;
    ASSERT_TRUE(save_root_draft(publisher.files, publisher.layout, root).has_value());
    ASSERT_TRUE(draft_refresh(publisher.files, publisher.clock, publisher.layout,
                              TestPublisher::channel, "snapshot", {})
                    .has_value());
    KeyRing new_robot;
    new_robot.add(std::move(new_key));
    sign(new_robot);
    sign(anna);
    EXPECT_TRUE(publisher.verify().has_value());
    EXPECT_THAT(sign(bert), Not(IsEmpty())) << "the old robot has not signed along";
    EXPECT_TRUE(publisher.verify().has_value());
    EXPECT_THAT(sign(robot), Not(IsEmpty()));
    EXPECT_TRUE(publisher.verify().has_value());
    EXPECT_THAT(sign(new_robot), IsEmpty());
    EXPECT_EQ(load_current_root(publisher.files, publisher.layout)->version, 2U);
    EXPECT_TRUE(publisher.verify().has_value());
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
