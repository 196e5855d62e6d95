#include "update/tuf/client.hpp"

#include "io/testing/fake_clock.hpp"
#include "io/testing/fake_files.hpp"
#include "update/tuf/download.hpp"
#include "update/tuf/encode.hpp"
#include "update/tuf/target_search.hpp"
#include "update/tuf/testing/test_repository.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast::tuf {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const std::filesystem::path cache = "/cache";

/// A machine that was shipped with version 1 of the repository's root.
struct Machine {
    TestRepository repository;
    io::FakeFiles files;
    io::FakeClock clock;

    Machine()
    {
        check(initialize(files, cache, repository.file("1.root.json")).has_value(), "a root");
    }

    ClientOptions options() const
    {
        return {.metadata_dir = cache,
                .metadata_url = TestRepository::metadata_url,
                .targets_url = TestRepository::targets_url,
                .shipped_root = cache / initial_root_name};
    }
    Result<Client> open()
    {
        repository.http.requests.clear();
        return Client::open(repository.http, files, clock, options());
    }
    Result<void> refresh()
    {
        TRY_ASSIGN(auto client, open());
        return client.refresh();
    }
    Result<std::string> fetch(std::string_view name)
    {
        TRY_ASSIGN(auto client, open());
        TRY_ASSIGN(const auto target, client.find_target(name));
        std::string content;
        TRY(client.fetch_target(target, [&content](auto bytes) -> Result<void> {
            content.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
            return {};
        }));
        return content;
    }
    /// The message of the refusal, or "accepted".
    std::string refusal()
    {
        const auto done = refresh();
        return done.has_value() ? "accepted" : done.error().message();
    }
    std::optional<Version> trusted(std::string_view role)
    {
        const auto text = files.read(cache / (std::string(role) + ".json"));
        return text.has_value() ? std::optional((*parse_json(*text))["signed"]["version"])
                                : std::nullopt;
    }
};

TEST(Client, GivesATargetTheTimeThatItsSizeNeeds)
{
    Machine machine;
    const std::string content(1 << 20, 'x');
    machine.repository.add_target("large", content);
    machine.repository.publish_next();
    ASSERT_TRUE(machine.fetch("large").has_value());
    EXPECT_EQ(machine.repository.http.requests.back().deadline, std::chrono::seconds(60 + 64));
}

TEST(Client, AsksInTheOrderOfTheSpecification)
{
    Machine machine;
    ASSERT_TRUE(machine.refresh().has_value());
    EXPECT_THAT(machine.repository.requested_names(),
                ElementsAre("2.root.json", "timestamp.json", "1.snapshot.json", "1.targets.json"));
    // What it has and is still current, it does not fetch again.
    ASSERT_TRUE(machine.refresh().has_value());
    EXPECT_THAT(machine.repository.requested_names(), ElementsAre("2.root.json", "timestamp.json"));
}

TEST(Client, FetchesATargetAndTellsWhatTheRepositorySaysOfIt)
{
    Machine machine;
    machine.repository.add_target("manifest.json", "{}");
    machine.repository.targets.targets["manifest.json"].custom = {{"variant", "metal"}};
    machine.repository.publish_next();
    EXPECT_EQ(*machine.fetch("manifest.json"), "{}");
    auto client = *machine.open();
    const auto target = *client.find_target("manifest.json");
    EXPECT_EQ(target.custom["variant"], "metal");
    EXPECT_EQ(target.sha256()->hex(), crypto::sha256("{}").hex());
    EXPECT_EQ(*client.target_url(target),
              "http://updates/targets/" + crypto::sha256("{}").hex() + ".manifest.json");
    EXPECT_THAT(client.target_names(), ElementsAre("manifest.json"));
    EXPECT_EQ(client.find_target("other").error().code(), Errc::not_found);
}

TEST(Client, SendsItsQueryWithEveryRequest)
{
    Machine machine;
    auto options = machine.options();
    options.query = "seed=7";
    auto client = *Client::open(machine.repository.http, machine.files, machine.clock, options);
    EXPECT_FALSE(client.refresh().has_value()) << "the fake server has no such URLs";
    EXPECT_EQ(machine.repository.http.requests[0].url,
              "http://updates/metadata/2.root.json?seed=7");
}

TEST(Client, CapsEveryFetch)
{
    Machine machine;
    machine.repository.announces_hashes = true;
    machine.repository.add_target("x", "1234");
    machine.repository.publish_next();
    ASSERT_TRUE(machine.fetch("x").has_value());
    const auto& requests = machine.repository.http.requests;
    ASSERT_EQ(requests.size(), 5U);
    EXPECT_EQ(requests[0].most_bytes, largest_root);
    EXPECT_EQ(requests[1].most_bytes, largest_timestamp);
    EXPECT_EQ(requests[2].most_bytes, machine.repository.timestamp.snapshot.length);
    EXPECT_EQ(requests[3].most_bytes, machine.repository.snapshot.meta["targets.json"].length);
    EXPECT_EQ(requests[4].most_bytes, 4U);
}

TEST(Client, KeepsALargeSnapshot)
{
    Machine machine;
    auto& repository = machine.repository;
    const auto list_roles = [&](std::optional<std::uint64_t> length) {
        for (int role = 0; role < 110; ++role) {
            repository.snapshot.meta[std::format("{}{}.json", std::string(10'000, 'r'), role)] = {
                .version = 1, .length = length};
        }
    };
    list_roles(1'000'000);
    repository.announces_hashes = true;
    repository.publish_next();
    ASSERT_GT(*repository.timestamp.snapshot.length, 1'100'000U);
    ASSERT_EQ(machine.refusal(), "accepted");
    EXPECT_EQ(machine.refusal(), "accepted");
    EXPECT_THAT(machine.repository.requested_names(), ElementsAre("2.root.json", "timestamp.json"));
    // It counts against a shorter one that goes back, too.
    list_roles(std::nullopt);
    repository.targets.version = 0;
    repository.publish_next();
    EXPECT_THAT(machine.refusal(), HasSubstr("targets.json goes back"));
}

TEST(Client, RefusesATargetWithOtherBytes)
{
    Machine machine;
    machine.repository.add_target("x", "good");
    machine.repository.publish_next();
    for (const auto* bad : {"evil", "goo", "goods"}) {
        for (auto& [url, bytes] : machine.repository.http.files) {
            if (url.ends_with(".x")) {
                const auto view = std::as_bytes(std::span(std::string_view(bad)));
                bytes.assign(view.begin(), view.end());
            }
        }
        EXPECT_FALSE(machine.fetch("x").has_value()) << bad;
    }
}

TEST(Client, RefusesRollbackOfEachDocument)
{
    Machine machine;
    auto& repository = machine.repository;
    repository.publish_next();
    const auto old_timestamp = repository.file("timestamp.json");
    repository.publish_next();
    ASSERT_TRUE(machine.refresh().has_value());

    repository.put("timestamp.json", old_timestamp);
    EXPECT_THAT(machine.refusal(), HasSubstr("timestamp.json: it goes back"));

    repository.timestamp.version = 9;
    repository.timestamp.snapshot.version = 1;
    repository.publish_timestamp();
    EXPECT_THAT(machine.refusal(), HasSubstr("snapshot.json goes back"));

    repository.targets.version = 1;
    repository.snapshot.version = 9;
    repository.publish_targets();
    repository.publish_snapshot();
    repository.timestamp.version = 10;
    repository.publish_timestamp();
    EXPECT_THAT(machine.refusal(), HasSubstr("targets.json goes back"));
    EXPECT_EQ(machine.trusted("targets"), 3U);
}

TEST(Client, RefusesMixAndMatch)
{
    Machine machine;
    auto& repository = machine.repository;
    repository.publish_next();
    repository.put("2.targets.json", repository.file("1.targets.json"));
    EXPECT_THAT(machine.refusal(), HasSubstr("targets.json: it is version 1, announced was 2"));
    repository.put("2.snapshot.json", repository.file("1.snapshot.json"));
    machine.files.remove(cache / "snapshot.json").has_value();
    EXPECT_THAT(machine.refusal(), HasSubstr("snapshot.json: it is version 1, announced was 2"));
}

TEST(Client, RefusesWhatExpiredAndSaysWhen)
{
    for (const std::string role : {"root", "timestamp", "snapshot", "targets"}) {
        Machine machine;
        auto& repository = machine.repository;
        const Time past = std::chrono::sys_days(std::chrono::year(2023) / 5 / 6);
        if (role == "root") {
            repository.root.expires = past;
            ++repository.root.version;
            repository.publish_root();
        }
        (role == "timestamp"  ? repository.timestamp.expires
         : role == "snapshot" ? repository.snapshot.expires
         : role == "targets"  ? repository.targets.expires
                              : repository.root.expires) = past;
        repository.publish_next();
        EXPECT_THAT(machine.refusal(), HasSubstr(role + ".json: expired at 2023-05-06"));
        EXPECT_EQ(machine.trusted("root"), repository.root.version);
    }
}

/// A machine that changes between repositories of the same keys.
struct WandererBetweenRepositories : Machine {
    static constexpr auto production = TestRepository::metadata_url;
    static constexpr auto staging = "http://staging/metadata";

    /// What production is at this moment becomes another repository.
    void copy_to(const std::string& url)
    {
        const auto files_now = repository.http.files;
        for (const auto& [name, bytes] : files_now) {
            if (name.starts_with(production)) {
                repository.http.files[url + name.substr(std::string_view(production).size())] =
                    bytes;
            }
        }
    }
    /// The message of the refusal, or "accepted".
    std::string refusal_of(const std::string& url)
    {
        auto these = options();
        these.metadata_url = url;
        these.keeps_repositories_apart = true;
        auto client = Client::open(repository.http, files, clock, these);
        const auto done = client.has_value() ? client->refresh() : Failure{client.error()};
        return done.has_value() ? "accepted" : done.error().message();
    }
};

TEST(Client, KeepsRepositoriesOfTheSameKeysApart)
{
    WandererBetweenRepositories machine;
    auto& repository = machine.repository;
    machine.copy_to(machine.staging);
    repository.publish_next();
    const auto before = repository.file("timestamp.json");
    repository.publish_next();
    EXPECT_EQ(machine.refusal_of(machine.production), "accepted");
    EXPECT_EQ(machine.refusal_of(machine.staging), "accepted") << "at version 1, as it should be";
    // And neither is forgotten meanwhile.
    EXPECT_EQ(machine.refusal_of(machine.production), "accepted");
    repository.put("timestamp.json", before);
    EXPECT_THAT(machine.refusal_of(machine.production), HasSubstr("timestamp.json: it goes back"));
}

TEST(Client, KnowsAKeyThatIsGoneInEveryRepository)
{
    WandererBetweenRepositories machine;
    auto& repository = machine.repository;
    machine.copy_to(machine.staging);
    // A thief of keys has put staging far ahead.
    repository.snapshot.version = repository.targets.version = 500;
    repository.publish_next();
    machine.copy_to(machine.staging);
    EXPECT_EQ(machine.refusal_of(machine.staging), "accepted");
    // Production replaces the timestamp's key.
    repository.rotate("timestamp", repository.root.timestamp);
    repository.root.version = 2;
    repository.publish_root();
    repository.timestamp.version = repository.snapshot.version = repository.targets.version = 1;
    repository.publish_next();
    EXPECT_EQ(machine.refusal_of(machine.production), "accepted");
    EXPECT_THAT(machine.refusal_of(machine.staging), HasSubstr("timestamp.json"))
        << "signed by the key that is gone";
    machine.copy_to(machine.staging);
    EXPECT_EQ(machine.refusal_of(machine.staging), "accepted") << "the thief's versions are gone";
}

TEST(Client, RemembersAFewRepositories)
{
    WandererBetweenRepositories machine;
    for (int n = 0; n < 9; ++n) {
        const auto url = std::format("http://updates{}/metadata", n);
        machine.copy_to(url);
        ASSERT_EQ(machine.refusal_of(url), "accepted");
        const auto names = *machine.files.list(cache);
        EXPECT_LE(std::ranges::count_if(names, [&](const auto& name) {
            return machine.files.list(cache / name).has_value();
        }), 4);
        EXPECT_TRUE(machine.files.exists(cache / "root.json"));
    }
}

/// Somebody shows the machine the same for ever. One document that runs out is enough.
TEST(Client, SeesAFreezeWhenWhatItHasExpires)
{
    for (const std::string role : {"root", "timestamp", "snapshot", "targets"}) {
        Machine machine;
        auto& repository = machine.repository;
        (role == "timestamp"  ? repository.timestamp.expires
         : role == "snapshot" ? repository.snapshot.expires
         : role == "targets"  ? repository.targets.expires
                              : repository.root.expires) =
            std::chrono::sys_days(std::chrono::year(2024) / 3 / 1);
        repository.root.version = 2;
        repository.publish_root();
        repository.publish_next();
        ASSERT_EQ(machine.refusal(), "accepted");
        machine.clock.advance(std::chrono::days(59));
        EXPECT_EQ(machine.refusal(), "accepted") << role;
        machine.clock.advance(std::chrono::days(2));
        EXPECT_THAT(machine.refusal(), HasSubstr(role + ".json: expired at 2024-03-01"));
    }
}

/// A server so slow that an hour passes with each fetch.
struct SlowServer final : io::HttpClient {
    io::HttpClient& server;
    io::FakeClock& clock;
    SlowServer(io::HttpClient& behind, io::FakeClock& its_clock) : server(behind), clock(its_clock)
    {
    }
    Result<io::HttpReply> fetch(const io::HttpFetch& request, const io::ByteSink& sink) override
    {
        clock.advance(std::chrono::hours(1));
        return server.fetch(request, sink);
    }
};

/// §5.1: else a refresh could find one document fresh and the next one not, and never end well.
TEST(Client, JudgesByTheTimeAtWhichTheRefreshBegan)
{
    Machine machine;
    auto& repository = machine.repository;
    const auto start = std::chrono::floor<std::chrono::seconds>(machine.clock.now());
    repository.root.expires = repository.timestamp.expires = repository.snapshot.expires =
        repository.targets.expires = start + std::chrono::minutes(30);
    repository.root.version = 2;
    repository.publish_root();
    repository.publish_next();
    SlowServer server(repository.http, machine.clock);
    auto client = *Client::open(server, machine.files, machine.clock, machine.options());
    const auto done = client.refresh();
    EXPECT_TRUE(done.has_value()) << done.error().message();
    EXPECT_THAT(machine.refusal(), HasSubstr("root.json: expired"));
}

TEST(Client, DoesNotLiveInThePastAfterAReboot)
{
    Machine machine;
    machine.clock.advance(std::chrono::days(300));
    ASSERT_TRUE(machine.refresh().has_value());
    // A document that was valid before the latest time that was seen stays expired.
    machine.repository.timestamp.expires = std::chrono::sys_days(std::chrono::year(2024) / 5 / 6);
    machine.repository.publish_next();
    machine.clock.advance(-std::chrono::days(250));
    EXPECT_THAT(machine.refusal(), HasSubstr("expired at 2024-05-06"));
}

TEST(Client, ForgetsAClockThatWasWronglyAhead)
{
    Machine machine;
    machine.clock.advance(std::chrono::days(36500));
    EXPECT_THAT(machine.refusal(), HasSubstr("expired"));
    machine.clock.advance(-std::chrono::days(36500));
    EXPECT_EQ(machine.refusal(), "accepted");
}

TEST(Client, FollowsRootsOneByOneByOldAndNewKeys)
{
    Machine machine;
    auto& repository = machine.repository;
    auto first_keys = std::move(repository.keys["root"]);
    repository.rotate("root", repository.root.root);
    repository.root.version = 2;
    repository.publish_root();
    EXPECT_THAT(machine.refusal(), HasSubstr("2.root.json: by the keys of the root before"));

    repository.keys["root"].push_back(std::move(first_keys.front()));
    repository.publish_root();
    repository.root.version = 3;
    repository.publish_root();
    EXPECT_EQ(machine.refusal(), "accepted");
    EXPECT_EQ(machine.trusted("root"), 3U);

    repository.put("4.root.json", repository.file("3.root.json"));
    EXPECT_THAT(machine.refusal(), HasSubstr("4.root.json: it is version 3, announced was 4"));
}

TEST(Client, StopsWhereTheNextRootCannotBeFetched)
{
    Machine machine;
    machine.repository.http.breaks_after = 0;
    const auto done = machine.refresh();
    ASSERT_FALSE(done.has_value());
}

/// Whoever had one of two keys has sent versions far ahead. The other key stays, so what the
/// machine trusted last goes on being signed.
struct FastForward : ::testing::Test {
    Machine machine;
    TestRepository& repository = machine.repository;

    void SetUp() override
    {
        repository.add_key("timestamp", repository.root.timestamp);
        repository.add_key("snapshot", repository.root.snapshot);
        repository.root.version = 2;
        repository.publish_root();
    }
    void send_ahead(Version version)
    {
        repository.timestamp.version = repository.snapshot.version = repository.targets.version =
            version;
        repository.publish_next();
        ASSERT_EQ(machine.refusal(), "accepted");
    }
    void begin_again()
    {
        repository.root.version = 3;
        repository.publish_root();
        repository.timestamp.version = repository.snapshot.version = repository.targets.version = 1;
        repository.publish_next();
    }
    void expect_recovered()
    {
        EXPECT_EQ(machine.refusal(), "accepted");
        EXPECT_EQ(machine.trusted("timestamp"), 2U);
        EXPECT_EQ(machine.trusted("snapshot"), 2U);
        EXPECT_EQ(machine.trusted("targets"), 2U);
    }
};

TEST_F(FastForward, IsForgottenWhenTheTimestampKeyIsTakenAway)
{
    send_ahead(1'000'000);
    repository.drop_key("timestamp", repository.root.timestamp);
    begin_again();
    expect_recovered();
}

TEST_F(FastForward, IsForgottenWhenTheSnapshotKeyIsTakenAway)
{
    send_ahead(1'000'000);
    repository.drop_key("snapshot", repository.root.snapshot);
    begin_again();
    expect_recovered();
}

TEST_F(FastForward, StandsWhileTheKeysStay)
{
    send_ahead(1'000'000);
    begin_again();
    EXPECT_THAT(machine.refusal(), HasSubstr("timestamp.json: it goes back"));
}

/// The new root comes with the system, not from the repository.
TEST_F(FastForward, IsForgottenWhenAnUpdateBringsTheRoot)
{
    send_ahead(1'000'000);
    repository.drop_key("timestamp", repository.root.timestamp);
    begin_again();
    machine.files.put(cache / initial_root_name, repository.file("3.root.json"));
    expect_recovered();
    EXPECT_EQ(machine.repository.requested_names().front(), "4.root.json");
}

TEST(Client, TakesAtMost1024RootsAtOnce)
{
    Machine machine;
    auto& repository = machine.repository;
    for (repository.root.version = 2; repository.root.version <= 1026; ++repository.root.version) {
        repository.publish_root();
    }
    EXPECT_EQ(machine.refusal(), "accepted");
    EXPECT_EQ(machine.trusted("root"), 1025U);
    EXPECT_EQ(machine.refusal(), "accepted");
    EXPECT_EQ(machine.trusted("root"), 1026U);
}

TEST(Client, MendsBrokenFilesInItsCache)
{
    for (const auto* name :
         {"root.json", "timestamp.json", "snapshot.json", "targets.json", "latest-known-time"}) {
        for (const auto* content : {"", "{}", "garbage"}) {
            Machine machine;
            ASSERT_TRUE(machine.refresh().has_value());
            machine.files.put(cache / name, content);
            EXPECT_EQ(machine.refusal(), "accepted") << name << ": " << content;
            EXPECT_NE(*machine.files.read(cache / name), content);
        }
    }
}

TEST(Client, PrefersAShippedRootThatIsNewer)
{
    Machine machine;
    machine.repository.root.version = 5;
    machine.repository.publish_root();
    machine.files.put("/usr/root.json", machine.repository.file("5.root.json"));
    auto options = machine.options();
    options.shipped_root = "/usr/root.json";
    auto client = *Client::open(machine.repository.http, machine.files, machine.clock, options);
    EXPECT_TRUE(client.refresh().has_value());
    EXPECT_EQ(machine.repository.requested_names().front(), "6.root.json");
}

/// A machine whose system brings a root.
struct ShippedRoot : ::testing::Test {
    Machine machine;
    TestRepository other; ///< Another repository, with keys of its own.

    void ship(const std::string& root) { machine.files.put("/usr/root.json", root); }
    Result<void> refresh(TestRepository& repository)
    {
        auto options = machine.options();
        options.shipped_root = "/usr/root.json";
        TRY_ASSIGN(auto client,
                   Client::open(repository.http, machine.files, machine.clock, options));
        return client.refresh();
    }
};

TEST_F(ShippedRoot, OfOtherKeysSendsTheMachineToTheirRepositoryAndBack)
{
    ship(machine.repository.file("1.root.json"));
    machine.repository.timestamp.version = machine.repository.snapshot.version = 500;
    machine.repository.publish_next();
    ASSERT_TRUE(refresh(machine.repository).has_value());
    EXPECT_FALSE(refresh(other).has_value());

    ship(other.file("1.root.json"));
    const auto sent = refresh(other);
    EXPECT_TRUE(sent.has_value()) << sent.error().message();
    EXPECT_TRUE(refresh(other).has_value());
    EXPECT_FALSE(refresh(machine.repository).has_value()) << "its keys may be in wrong hands";

    ship(machine.repository.file("1.root.json"));
    EXPECT_TRUE(refresh(machine.repository).has_value());
}

TEST_F(ShippedRoot, ThatIsOlderDoesNotBringBackWhatWasTakenAway)
{
    const auto first = machine.repository.file("1.root.json");
    ship(first);
    for (machine.repository.root.version = 2; machine.repository.root.version <= 4;
         ++machine.repository.root.version) {
        machine.repository.publish_root();
    }
    ASSERT_TRUE(refresh(machine.repository).has_value());
    for (const auto& known : {first, machine.repository.file("3.root.json")}) {
        ship(known);
        machine.repository.http.requests.clear();
        EXPECT_TRUE(refresh(machine.repository).has_value());
        EXPECT_EQ(machine.repository.requested_names().front(), "5.root.json");
    }
    // The file that tells so is lost.
    ASSERT_TRUE(machine.files.remove(cache / "root-chain").has_value());
    ship(first);
    machine.repository.http.requests.clear();
    EXPECT_TRUE(refresh(machine.repository).has_value());
    EXPECT_EQ(machine.repository.requested_names().front(), "5.root.json");
    EXPECT_TRUE(machine.files.exists(cache / "root-chain"));
}

TEST(Client, NeedsARootToBeginWith)
{
    Machine machine;
    auto options = machine.options();
    options.metadata_dir = "/empty";
    options.shipped_root.clear();
    const auto client =
        Client::open(machine.repository.http, machine.files, machine.clock, options);
    EXPECT_EQ(client.error().code(), Errc::not_found);
    EXPECT_FALSE(initialize(machine.files, "/empty", "{}").has_value());
}

/// Targets of roles that targets.json delegates to.
struct Delegations : ::testing::Test {
    Machine machine;
    TestRepository& repository = machine.repository;

    void put_target(Targets& role, const std::string& name, const std::string& content)
    {
        repository.add_target(name, content);
        role.targets[name] = repository.targets.targets[name];
        repository.targets.targets.erase(name);
    }
    std::vector<std::string> asked()
    {
        auto names = repository.requested_names();
        std::erase_if(names, [](const auto& name) { return !name.starts_with("1."); });
        return names;
    }
};

TEST_F(Delegations, AreAskedDepthFirst)
{
    auto& a = repository.delegate(repository.targets, "a", "*");
    repository.delegate(repository.targets, "b", "*");
    repository.delegate(a, "c", "*");
    repository.delegate(a, "d", "no/*");
    put_target(repository.delegated["b"], "x", "of b");
    repository.publish_next();
    EXPECT_EQ(*machine.fetch("x"), "of b");
    EXPECT_THAT(asked(), ElementsAre("1.a.json", "1.c.json", "1.b.json"));
}

TEST_F(Delegations, EndAtATerminatingOne)
{
    auto& a = repository.delegate(repository.targets, "a", "*");
    repository.targets.delegations.back().terminating = true;
    repository.delegate(repository.targets, "b", "*");
    repository.delegate(a, "c", "*");
    put_target(repository.delegated["b"], "x", "of b");
    repository.publish_next();
    EXPECT_EQ(machine.fetch("x").error().code(), Errc::not_found);
    EXPECT_THAT(asked(), ElementsAre("1.a.json", "1.c.json"));
}

TEST_F(Delegations, MayGoInCirclesButNotForEver)
{
    auto& a = repository.delegate(repository.targets, "a", "*");
    a.delegations = repository.targets.delegations;
    a.keys = repository.targets.keys;
    repository.publish_next();
    EXPECT_EQ(machine.fetch("x").error().code(), Errc::not_found);

    for (int number = 0; number < 40; ++number) {
        repository.delegate(repository.targets, std::format("role{}", number), "*");
    }
    repository.publish_next();
    EXPECT_THAT(machine.fetch("x").error().message(), HasSubstr("more than 32 roles"));
}

TEST_F(Delegations, MayAllNameOneAnother)
{
    for (int number = 0; number < most_roles_asked; ++number) {
        repository.delegate(repository.targets, std::format("role{}", number), "*");
    }
    for (auto& [role, content] : repository.delegated) {
        content.delegations = repository.targets.delegations;
        content.keys = repository.targets.keys;
    }
    repository.publish_next();
    EXPECT_EQ(machine.fetch("x").error().code(), Errc::not_found);
    EXPECT_THAT(asked(), SizeIs(most_roles_asked));
}

TEST_F(Delegations, CopyNoKeys)
{
    for (int number = 0; number < 3; ++number) {
        repository.delegate(repository.targets, std::format("role{}", number), "*");
    }
    std::set<const Keys*> seen;
    const auto found = search_target("x", repository.targets,
                                     [&](const Delegation&, const Keys& keys) -> Result<Targets> {
                                         seen.insert(&keys);
                                         return Targets();
                                     });
    EXPECT_EQ(found.error().code(), Errc::not_found);
    EXPECT_THAT(seen, ElementsAre(&repository.targets.keys))
        << "a few megabytes of metadata would become gigabytes";
}

TEST_F(Delegations, TerminateWhatWasToBeAskedAfterTheDelegator)
{
    auto& a = repository.delegate(repository.targets, "a", "*");
    repository.delegate(repository.targets, "b", "*");
    repository.delegate(a, "c", "*");
    a.delegations.back().terminating = true;
    repository.delegate(a, "d", "*");
    put_target(repository.delegated["b"], "x", "of b");
    repository.publish_next();
    EXPECT_EQ(machine.fetch("x").error().code(), Errc::not_found);
    EXPECT_THAT(asked(), ElementsAre("1.a.json", "1.c.json"));
}

TEST_F(Delegations, AreSignedByWhoTheDelegatorNames)
{
    auto& a = repository.delegate(repository.targets, "a", "*");
    put_target(a, "x", "of a");
    repository.keys["a"].clear();
    repository.publish_next();
    EXPECT_THAT(machine.fetch("x").error().message(), HasSubstr("a.json: 0 of 1"));
}

TEST_F(Delegations, MustStandInTheSnapshot)
{
    auto& a = repository.delegate(repository.targets, "a", "*");
    put_target(a, "x", "of a");
    repository.publish_next();
    repository.snapshot.meta.erase("a.json");
    ++repository.snapshot.version;
    ++repository.timestamp.version;
    repository.publish_snapshot();
    repository.publish_timestamp();
    EXPECT_THAT(machine.fetch("x").error().message(), HasSubstr("does not list"));
}

TEST(Download, LeavesIntactTargetsAlone)
{
    Machine machine;
    machine.repository.add_target("folder/x", "content");
    machine.repository.publish_next();
    const auto asks_for_x = [&] {
        auto client = *machine.open();
        EXPECT_TRUE(download(client, machine.files, "folder/x", "/targets").has_value());
        return machine.repository.requested_names().back().ends_with(".x");
    };
    EXPECT_TRUE(asks_for_x());
    EXPECT_EQ(*machine.files.read("/targets/folder%2Fx"), "content");
    EXPECT_FALSE(asks_for_x());
    machine.files.put("/targets/folder%2Fx", "contenu");
    EXPECT_TRUE(asks_for_x());
    EXPECT_EQ(*machine.files.read("/targets/folder%2Fx"), "content");
}

TEST(Download, LeavesNothingOfABadTarget)
{
    Machine machine;
    machine.repository.add_target("x", "content");
    machine.repository.targets.targets["x"].length = 3;
    machine.repository.publish_next();
    auto client = *machine.open();
    EXPECT_FALSE(download(client, machine.files, "x", "/targets").has_value());
    EXPECT_THAT(*machine.files.list("/targets"), IsEmpty());
}

} // namespace
} // namespace holdfast::tuf
