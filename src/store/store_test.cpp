#include "store/store.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

namespace holdfast::store {

namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class FixedClock final : public io::Clock {
public:
    std::chrono::system_clock::time_point now() override { return time; }
    std::chrono::steady_clock::time_point monotonic_now() override { return {}; }
    void sleep(std::chrono::nanoseconds) override {}

    std::chrono::system_clock::time_point time{std::chrono::seconds(1'700'000'000)};
};

class StoreTest : public testing::Test {
protected:
    StoreTest()
    {
        std::string pattern = testing::TempDir() + "holdfast-store-XXXXXX";
        directory_ = ::mkdtemp(pattern.data());
        reopen();
    }
    ~StoreTest() override { std::filesystem::remove_all(directory_); }

    void reopen()
    {
        store_.reset();
        auto opened = Store::open(directory_, clock_);
        ASSERT_TRUE(opened.has_value()) << opened.error().message();
        store_.emplace(*std::move(opened));
    }

    void set(const Values& values, Source source, Strength strength = Strength::strong)
    {
        ASSERT_TRUE(store_->patch("t", values, {source, "someone"}, strength).has_value());
        const auto committed = store_->commit("t");
        ASSERT_TRUE(committed.has_value()) << committed.error().message();
    }

    std::string value(const std::string& key)
    {
        const auto found = store_->live().find(key);
        return found == store_->live().end() ? "(unset)" : found->second.value;
    }

    std::filesystem::path directory_;
    FixedClock clock_;
    std::optional<Store> store_;
};

TEST_F(StoreTest, PendingValuesAreNotLiveUntilCommitted)
{
    ASSERT_TRUE(
        store_->patch("a", {{"settings.motd", "\"x\""}}, {Source::api, "uid=0"}, Strength::strong));
    EXPECT_EQ(value("settings.motd"), "(unset)");
    EXPECT_EQ(store_->pending("a")->at("settings.motd").value, "\"x\"");
    EXPECT_THAT(*store_->transactions(), ElementsAre("a"));

    EXPECT_THAT(*store_->commit("a"), ElementsAre("settings.motd"));
    EXPECT_EQ(value("settings.motd"), "\"x\"");
    EXPECT_THAT(*store_->transactions(), IsEmpty());
}

TEST_F(StoreTest, LastPatchOfAKeyWinsWithinATransaction)
{
    for (const auto* text : {"1", "2"}) {
        ASSERT_TRUE(store_->patch("a", {{"k", text}}, {Source::api, "x"}, Strength::strong));
    }
    ASSERT_TRUE(store_->commit("a"));
    EXPECT_EQ(value("k"), "2");
}

TEST_F(StoreTest, LaterCommitWinsBetweenTransactions)
{
    ASSERT_TRUE(store_->patch("a", {{"k", "1"}}, {Source::api, "x"}, Strength::strong));
    ASSERT_TRUE(store_->patch("b", {{"k", "2"}}, {Source::api, "x"}, Strength::strong));
    ASSERT_TRUE(store_->commit("b"));
    ASSERT_TRUE(store_->commit("a"));
    EXPECT_EQ(value("k"), "1");
}

TEST_F(StoreTest, CommitOfNothingIsNoChanges)
{
    EXPECT_EQ(store_->commit("nobody").error().code(), Errc::no_changes);
}

TEST_F(StoreTest, CommitOfAnEqualValueReportsItsKey)
{
    set({{"k", "1"}}, Source::api);
    ASSERT_TRUE(store_->patch("t", {{"k", "1"}}, {Source::api, "x"}, Strength::strong));
    EXPECT_THAT(*store_->commit("t"), ElementsAre("k"));
}

TEST_F(StoreTest, CommitAsksWithWhatWouldBeLiveAndDoesNothingWhenRefused)
{
    set({{"settings.a", "1"}, {"settings.b", "1"}}, Source::user_data);
    set({{"settings.a", "2"}}, Source::api);
    const std::vector<Key> keys{*Key::parse("settings.a")};
    ASSERT_TRUE(store_->unset("x", keys, {Source::api, "me"}).has_value());
    ASSERT_TRUE(store_->patch("x", {{"settings.b", "3"}}, {Source::generator, "g"}, Strength::weak)
                    .has_value());
    bool approved = false;
    std::vector<std::string> keys_asked_about;
    const Approval approve = [&](const Proposal& proposal) {
        EXPECT_EQ(proposal.live, (Values{{"settings.a", "1"}, {"settings.b", "1"}}));
        keys_asked_about = proposal.keys;
        EXPECT_THAT(proposal.api_keys, ElementsAre("settings.a"));
        return approved ? Result<void>() : Result<void>(fail(Errc::invalid, "no"));
    };
    const auto weak_over_strong = store_->commit("x", approve);
    ASSERT_FALSE(weak_over_strong.has_value());
    EXPECT_EQ(weak_over_strong.error().code(), Errc::internal);

    ASSERT_TRUE(
        store_->patch("x", {{"settings.b", "3"}}, {Source::generator, "g"}, Strength::strong)
            .has_value());
    const auto refused = store_->commit("x", approve);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().message(), "no");
    EXPECT_THAT(keys_asked_about, ElementsAre("settings.a", "settings.b"));
    EXPECT_EQ(value("settings.a"), "2");
    EXPECT_THAT(*store_->transactions(), ElementsAre("x"));
    const auto changes = store_->changes(100)->size();
    reopen();
    EXPECT_EQ(value("settings.a"), "2");
    EXPECT_EQ(store_->changes(100)->size(), changes);

    approved = true;
    ASSERT_TRUE(store_->unset("x", keys, {Source::api, "me"}).has_value());
    EXPECT_TRUE(store_->commit("x", approve).has_value());
    EXPECT_EQ(value("settings.a"), "1");
}

TEST_F(StoreTest, DiscardReturnsTheKeysAndForgetsThem)
{
    ASSERT_TRUE(store_->patch("a", {{"k", "1"}, {"l", "2"}}, {Source::api, "x"}, Strength::strong));
    EXPECT_THAT(*store_->discard("a"), ElementsAre("k", "l"));
    EXPECT_THAT(*store_->discard("a"), IsEmpty());
    EXPECT_EQ(store_->commit("a").error().code(), Errc::no_changes);
}

TEST_F(StoreTest, OpeningDropsStaleTransactionsAndKeepsLiveValues)
{
    set({{"k", "1"}}, Source::api);
    ASSERT_TRUE(store_->patch("a", {{"k", "2"}}, {Source::api, "x"}, Strength::strong));
    reopen();
    EXPECT_THAT(*store_->transactions(), IsEmpty());
    EXPECT_EQ(value("k"), "1");
}

TEST_F(StoreTest, SecondOpenOfTheSameStoreIsLocked)
{
    const auto second = Store::open(directory_, clock_);
    ASSERT_FALSE(second.has_value());
    EXPECT_EQ(second.error().code(), Errc::locked);
}

TEST_F(StoreTest, SourcesCoverEachOtherByPrecedenceWhateverTheOrderOfWriting)
{
    set({{"k", "3"}}, Source::api);
    set({{"k", "2"}}, Source::user_data);
    set({{"k", "1"}}, Source::generator);
    EXPECT_EQ(value("k"), "3");
    const auto layers = store_->layers("k");
    ASSERT_EQ(layers->size(), 3U);
    EXPECT_EQ(layers->at(0).provenance.source, Source::api);
    EXPECT_EQ(layers->at(2).value, "1");
}

TEST_F(StoreTest, UnsetUncoversWhatWouldBeThereWithoutTheApi)
{
    ASSERT_TRUE(store_->adopt_image("1", {{"settings.k", "0"}}));
    set({{"settings.k", "2"}}, Source::user_data);
    set({{"settings.k", "3"}, {"settings.l", "4"}}, Source::api);

    ASSERT_TRUE(store_->unset("u", std::vector{*Key::parse("settings.k")}, {Source::api, "x"}));
    EXPECT_THAT(*store_->commit("u"), ElementsAre("settings.k"));
    EXPECT_EQ(value("settings.k"), "2");
    EXPECT_EQ(value("settings.l"), "4");
}

TEST_F(StoreTest, UnsetOfATableTakesEverythingBelowItAndNothingBeside)
{
    set({{"settings.c.a.x", "1"}, {"settings.c.a.y", "1"}, {"settings.c.ab", "1"}}, Source::api);
    ASSERT_TRUE(store_->unset("u", std::vector{*Key::parse("settings.c.a")}, {Source::api, "x"}));
    EXPECT_THAT(*store_->commit("u"), ElementsAre("settings.c.a.x", "settings.c.a.y"));
    EXPECT_EQ(value("settings.c.ab"), "1");
}

TEST_F(StoreTest, UnsetOfWhatTheApiNeverSetIsNotFound)
{
    set({{"settings.k", "2"}}, Source::user_data);
    const auto result =
        store_->unset("u", std::vector{*Key::parse("settings.k")}, {Source::api, "x"});
    EXPECT_EQ(result.error().code(), Errc::not_found);
    EXPECT_THAT(*store_->transactions(), IsEmpty());
}

TEST_F(StoreTest, ProvenanceTellsSourceWhoWhenAndStrength)
{
    set({{"k", "1"}}, Source::user_data);
    reopen();
    const auto& provenance = store_->live().at("k").provenance;
    EXPECT_EQ(provenance.source, Source::user_data);
    EXPECT_EQ(provenance.who, "someone");
    EXPECT_EQ(provenance.when.time_since_epoch().count(), 1'700'000'000);
    EXPECT_EQ(provenance.strength, Strength::strong);
}

struct StrengthCase {
    std::optional<Strength> live;
    Strength pending;
    bool accepted;
    Strength after;
};

class StrengthRule : public StoreTest, public testing::WithParamInterface<StrengthCase> {};

TEST_P(StrengthRule, HoldsAtCommit)
{
    const auto& rule = GetParam();
    if (rule.live.has_value()) {
        set({{"k", "1"}}, Source::api, *rule.live);
    }
    ASSERT_TRUE(store_->patch("p", {{"k", "2"}, {"other", "9"}}, {Source::api, "x"}, rule.pending));
    const auto committed = store_->commit("p");
    EXPECT_EQ(committed.has_value(), rule.accepted);
    EXPECT_EQ(store_->live().at("k").provenance.strength, rule.after);
    EXPECT_EQ(value("other"), rule.accepted ? "9" : "(unset)");
    if (!rule.accepted) {
        EXPECT_EQ(committed.error().code(), Errc::internal);
        EXPECT_THAT(committed.error().message(),
                    HasSubstr("Cannot change setting k from strong to weak"));
    }
}

INSTANTIATE_TEST_SUITE_P(
    Table, StrengthRule,
    testing::Values(StrengthCase{{}, Strength::weak, true, Strength::weak},
                    StrengthCase{{}, Strength::strong, true, Strength::strong},
                    StrengthCase{Strength::weak, Strength::strong, true, Strength::strong},
                    StrengthCase{Strength::strong, Strength::weak, false, Strength::strong},
                    StrengthCase{Strength::weak, Strength::weak, true, Strength::weak},
                    StrengthCase{Strength::strong, Strength::strong, true, Strength::strong}));

TEST_F(StoreTest, NewImageReplacesDefaultsAndDropsWeakValuesOnly)
{
    ASSERT_TRUE(store_->adopt_image("1", {{"a", "1"}, {"b", "1"}}));
    set({{"w", "1"}}, Source::generator, Strength::weak);
    set({{"s", "1"}}, Source::generator, Strength::strong);
    ASSERT_TRUE(store_->adopt_image("1", {{"a", "1"}, {"b", "1"}}));
    EXPECT_EQ(value("w"), "1") << "the same version keeps weak values";

    ASSERT_TRUE(store_->adopt_image("2", {{"a", "2"}}));
    EXPECT_EQ(value("a"), "2");
    EXPECT_EQ(value("b"), "(unset)");
    EXPECT_EQ(value("w"), "(unset)");
    EXPECT_EQ(value("s"), "1");
}

TEST_F(StoreTest, LogNamesEachChangeNewestFirst)
{
    set({{"settings.k", "1"}}, Source::api);
    set({{"settings.k", "2"}}, Source::user_data);
    ASSERT_TRUE(store_->unset("u", std::vector{*Key::parse("settings.k")}, {Source::api, "x"}));
    ASSERT_TRUE(store_->commit("u"));
    const auto changes = store_->changes(10);
    ASSERT_EQ(changes->size(), 3U);
    EXPECT_EQ(changes->at(0).key, "settings.k");
    EXPECT_EQ(changes->at(0).who, "x");
    EXPECT_EQ(changes->at(0).transaction, "u");
    EXPECT_EQ(changes->at(0).action, Change::Action::unset);
    EXPECT_EQ(changes->at(1).source, Source::user_data);
    EXPECT_EQ(changes->at(1).who, "someone");
    EXPECT_EQ(changes->at(1).action, Change::Action::set);
}

TEST_F(StoreTest, WhatIsSoAlreadyIsNoChange)
{
    set({{"k", "1"}}, Source::api);
    ASSERT_TRUE(store_->patch("t", {{"k", "1"}}, {Source::api, "another"}, Strength::strong));
    ASSERT_TRUE(store_->commit("t"));
    EXPECT_EQ(store_->changes(10)->size(), 1U);
    EXPECT_EQ(store_->live().at("k").provenance.who, "someone") << "who chose it";
}

TEST_F(StoreTest, AStrongerValueIsAChange)
{
    set({{"k", "1"}}, Source::generator, Strength::weak);
    set({{"k", "1"}}, Source::generator, Strength::strong);
    EXPECT_EQ(store_->live().at("k").provenance.strength, Strength::strong);
    EXPECT_EQ(store_->changes(10)->size(), 2U);
}

TEST_F(StoreTest, NoFileHoldsAValueThatWasReplaced)
{
    // Short ones lie among others in a page, long ones have pages of their own.
    const std::string small = "first-secret";
    const std::string large = "second-secret" + std::string(20'000, 's');
    set({{"settings.a", small}, {"settings.b", large}}, Source::api);
    set({{"settings.a", "1"}, {"settings.b", "1"}}, Source::api);
    set({{"settings.a", small}, {"settings.b", large}}, Source::api);
    const std::vector keys{*Key::parse("settings")};
    ASSERT_TRUE(store_->unset("u", keys, {Source::api, "x"}));
    ASSERT_TRUE(store_->commit("u"));
    std::string bytes; // While the store is open, as it is for as long as the machine runs.
    for (const auto& entry : std::filesystem::directory_iterator(directory_)) {
        std::ifstream file(entry.path(), std::ios::binary);
        bytes += std::string(std::istreambuf_iterator<char>(file), {});
    }
    EXPECT_THAT(bytes, AllOf(Not(HasSubstr(small)), Not(HasSubstr("second-secret")),
                             Not(HasSubstr("ssssssss"))));
}

TEST_F(StoreTest, LogStaysSmallWhateverIsChangedHowOften)
{
    const std::string long_name(200'000, 't');
    for (int i = 0; i < 20; ++i) {
        ASSERT_TRUE(store_->patch(long_name, {{"k", std::to_string(i)}}, {Source::api, "x"},
                                  Strength::strong));
        ASSERT_TRUE(store_->commit(long_name));
    }
    EXPECT_EQ(store_->changes(100)->size(), 5U) << "the newest, of a mebibyte in all";
    set({{"k", std::string(1'000'000, '1')}}, Source::api);
    set({{"k", std::string(1'000'000, '2')}}, Source::api);
    EXPECT_LT(std::filesystem::file_size(directory_ / "settings.sqlite"), 4U << 20U);
}

TEST_F(StoreTest, NotesSurviveReopening)
{
    EXPECT_EQ(*store_->note("n"), "");
    ASSERT_TRUE(store_->set_note("n", "text"));
    reopen();
    EXPECT_EQ(*store_->note("n"), "text");
}

} // namespace

} // namespace holdfast::store
