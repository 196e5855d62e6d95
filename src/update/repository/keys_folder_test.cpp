#include "update/repository/keys_folder.hpp"

#include "update/repository/testing/test_publisher.hpp"
#include "update/tuf/trusted_metadata.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast::publish {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr tuf::Time a_year_on = std::chrono::sys_days(std::chrono::year(2025) / 1 / 1);

struct KeptKeys : ::testing::Test {
    io::FakeFiles files;
    io::FakeClock clock;
    Layout layout{"/repo"};
    KeysFolder folder{files, "/keys/repository"};

    Result<std::vector<Waiting>> publish_now(const KeyRing& keys)
    {
        return publish(files, clock, layout, keys, {});
    }
    KeyRing keys_of_folder()
    {
        KeyRing ring;
        EXPECT_TRUE(folder.load_into(ring).has_value());
        return ring;
    }
    /// A first root that two other people must sign.
    std::pair<KeyRing, KeyRing> draft_root_of_two()
    {
        std::pair<KeyRing, KeyRing> people;
        RootKeys keys;
        for (auto* person : {&people.first, &people.second}) {
            auto key = crypto::PrivateKey::generate(crypto::SignatureScheme::ed25519);
            for (auto* role : {&keys.root, &keys.targets, &keys.snapshot, &keys.timestamp}) {
                role->keys.push_back(key.public_key());
            }
            person->add(std::move(key));
        }
        keys.root.threshold = 2;
        EXPECT_TRUE(save_root_draft(files, layout, *make_root(keys, a_year_on)).has_value());
        return people;
    }
};

TEST_F(KeptKeys, GiveTheFirstImageARootWithWhichARepositoryBegins)
{
    EXPECT_EQ(*folder.prepare_update_root(layout, a_year_on), KeysFolder::UpdateRoot::present);
    const auto root = *files.read(folder.first_root());
    EXPECT_TRUE(tuf::TrustedMetadata::start(root, {}).has_value());
    EXPECT_EQ(files.mode("/keys/repository/targets.pem"), 0600U);
    EXPECT_EQ(files.mode("/keys/repository"), 0700U);
    EXPECT_FALSE(files.exists(layout.folder())) << "an image needs no repository";
    EXPECT_EQ(*folder.prepare_update_root(layout, a_year_on), KeysFolder::UpdateRoot::present);
    EXPECT_EQ(*files.read(folder.first_root()), root);

    EXPECT_EQ(*find_beginning(files, layout, folder), Beginning::from_kept_root);
    ASSERT_TRUE(begin_with_kept_root(files, layout, folder).has_value());
    EXPECT_THAT(*publish_now(keys_of_folder()), IsEmpty());
    EXPECT_EQ(*find_beginning(files, layout, folder), Beginning::made_already);
    EXPECT_EQ(*folder.keep_first_root(layout), KeysFolder::Kept::yes);
}

TEST_F(KeptKeys, GiveNoRootWhileTheRepositorysOwnWaitsForSignatures)
{
    EXPECT_EQ(*find_beginning(files, layout, folder), Beginning::with_new_root);
    const auto [anna, bert] = draft_root_of_two();
    EXPECT_THAT(*publish_now(anna), SizeIs(1));
    EXPECT_EQ(*folder.keep_first_root(layout), KeysFolder::Kept::not_yet);
    EXPECT_EQ(*find_beginning(files, layout, folder), Beginning::made_already);
    EXPECT_EQ(*folder.prepare_update_root(layout, a_year_on), KeysFolder::UpdateRoot::waits);
    EXPECT_FALSE(files.exists(folder.first_root())) << "images would trust another repository";

    EXPECT_THAT(*publish_now(bert), IsEmpty());
    EXPECT_EQ(*folder.keep_first_root(layout), KeysFolder::Kept::yes);
    EXPECT_FALSE(files.exists(folder.note_of_waiting_root()));
    EXPECT_EQ(*files.read(folder.first_root()), *files.read("/repo/roots/1.root.json"));
    EXPECT_EQ(*folder.prepare_update_root(layout, a_year_on), KeysFolder::UpdateRoot::present);
}

TEST_F(KeptKeys, TakeTheRepositorysRootAgainWhereItWasLost)
{
    ASSERT_TRUE(folder.prepare_update_root(layout, a_year_on).has_value());
    ASSERT_TRUE(begin_with_kept_root(files, layout, folder).has_value());
    ASSERT_TRUE(files.remove(folder.first_root()).has_value());
    EXPECT_EQ(*folder.prepare_update_root(layout, a_year_on), KeysFolder::UpdateRoot::present);
    EXPECT_EQ(*files.read(folder.first_root()), *files.read("/repo/roots/1.root.json"));
}

TEST_F(KeptKeys, SayWhenTheRepositoryIsAnother)
{
    const TestPublisher other;
    auto other_root = const_cast<io::FakeFiles&>(other.files).read("/repo/roots/1.root.json");
    files.put("/repo/roots/1.root.json", *other_root);
    ASSERT_TRUE(folder.prepare_update_root(Layout("/nowhere"), a_year_on).has_value());
    EXPECT_EQ(*folder.keep_first_root(layout), KeysFolder::Kept::another);
    EXPECT_THAT(find_beginning(files, layout, folder).error().message(),
                HasSubstr("not the one whose root images carry"));
}

/// A disk that is full, or a power cut, between the folder and the file in it.
TEST_F(KeptKeys, ARepositoryWithoutItsFirstRootHasNotBegun)
{
    ASSERT_TRUE(folder.prepare_update_root(layout, a_year_on).has_value());
    files.put_directory(layout.roots());
    EXPECT_EQ(*find_beginning(files, layout, folder), Beginning::from_kept_root);
    EXPECT_TRUE(begin_with_kept_root(files, layout, folder).has_value());
    EXPECT_EQ(*find_beginning(files, layout, folder), Beginning::made_already);
}

class KeysPowerCut : public ::testing::TestWithParam<io::Unflushed> {};

TEST_P(KeysPowerCut, LeavesARootWhoseKeysAreThere)
{
    int points = 0;
    for (bool finished = false; !finished; ++points) {
        SCOPED_TRACE(points);
        io::FakeFiles files;
        KeysFolder folder(files, "/keys/repository");
        const Layout layout("/repo");
        const auto begin = [&] {
            return folder.prepare_update_root(layout, a_year_on).has_value() &&
                   begin_with_kept_root(files, layout, folder).has_value();
        };
        files.cut_power_after(points);
        finished = begin();
        files.restart(GetParam());

        const auto root_before = files.read(folder.first_root());
        ASSERT_TRUE(begin());
        if (root_before.has_value()) {
            EXPECT_EQ(*files.read(folder.first_root()), *root_before);
        }
        // The keys of the folder sign for the root that images carry.
        KeyRing keys;
        ASSERT_TRUE(folder.load_into(keys).has_value());
        auto document = *tuf::Document::make({{"a", 1}});
        const auto root = *load_current_root(files, layout);
        EXPECT_TRUE(*keys.sign(document, root.targets, root.keys));
        EXPECT_EQ(*files.read("/repo/roots/1.root.json"), *files.read(folder.first_root()));
    }
    EXPECT_GT(points, 20) << "the cuts should reach into every file";
}

INSTANTIATE_TEST_SUITE_P(Disks, KeysPowerCut,
                         ::testing::Values(io::Unflushed::all_lost, io::Unflushed::names_kept));

} // namespace
} // namespace holdfast::publish
