#include "io/testing/fake_clock.hpp"
#include "io/testing/fake_files.hpp"
#include "store/power_cut_vfs.hpp"
#include "store/reserve.hpp"
#include "store/store.hpp"

#include <gmock/gmock.h>

namespace holdfast::store {

namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string largest_value(2U << 20, 'x'); // What one request may bring.

class StoreOnAFullDisk : public testing::Test {
protected:
    StoreOnAFullDisk() : store_(*Store::open("/d", clock_, disk_.name())) {}

    Result<std::vector<std::string>> set(const Values& values, Source source = Source::api)
    {
        TRY(store_.patch("t", values, {source, "x"}, Strength::strong));
        return store_.commit("t");
    }
    Result<std::vector<std::string>> unset(const std::string& key)
    {
        const std::vector keys{*Key::parse(key)};
        TRY(store_.unset("u", keys, {Source::api, "x"}));
        return store_.commit("u");
    }
    void fill() { disk_.limit_space(disk_.space_used()); }

    PowerCutVfs disk_{"full-disk"};
    io::FakeClock clock_;
    Store store_;
};

TEST_F(StoreOnAFullDisk, RefusesAChangeWholeAndSaysWhereThereIsNoRoom)
{
    ASSERT_TRUE(set({{"settings.a", "1"}, {"settings.b", "1"}}));
    fill();
    const auto refused = set({{"settings.a", "2"}, {"settings.b", largest_value}});
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code(), Errc::no_space);
    EXPECT_THAT(refused.error().message(), HasSubstr("no room for /d/settings.sqlite"));
    EXPECT_EQ(store_.live().at("settings.a").value, "1");
    EXPECT_EQ(store_.layers("settings.a")->at(0).value, "1");
    EXPECT_EQ(store_.changes(100)->size(), 2U);
    EXPECT_THAT(*store_.transactions(), ElementsAre("t"));

    disk_.limit_space(SIZE_MAX);
    EXPECT_TRUE(store_.commit("t").has_value()) << "once there is room";
    EXPECT_EQ(store_.live().at("settings.a").value, "2");
}

TEST_F(StoreOnAFullDisk, TakesValuesAwayInTheRoomThatIsKeptForThat)
{
    ASSERT_TRUE(set({{"settings.a", largest_value}, {"settings.b", "1"}}));
    fill();
    EXPECT_EQ(unset("settings.a").error().code(), Errc::no_space);
    int asked = 0;
    store_.on_full_disk([&] {
        ++asked;
        disk_.limit_space(disk_.space_used() + reserve_size);
    });
    EXPECT_EQ(set({{"settings.c", largest_value}}).error().code(), Errc::no_space);
    EXPECT_EQ(asked, 0) << "nothing that adds gets it";
    const auto taken = unset("settings.a");
    ASSERT_TRUE(taken.has_value()) << taken.error().message();
    EXPECT_EQ(asked, 1);
    EXPECT_FALSE(store_.live().contains("settings.a"));
    EXPECT_TRUE(set({{"settings.c", "1"}})) << "there is room in the file now";
}

TEST_F(StoreOnAFullDisk, LetsANewImageTakeItsDefaults)
{
    ASSERT_TRUE(store_.adopt_image("1", {{"settings.a", "1"}}));
    fill();
    EXPECT_FALSE(store_.adopt_image("2", {{"settings.a", "2"}}));
    EXPECT_EQ(store_.live().at("settings.a").value, "1");
    store_.on_full_disk([&] { disk_.limit_space(disk_.space_used() + reserve_size); });
    const auto adopted = store_.adopt_image("2", {{"settings.a", "2"}});
    ASSERT_TRUE(adopted.has_value()) << adopted.error().message();
    EXPECT_EQ(store_.live().at("settings.a").value, "2");
}

TEST_F(StoreOnAFullDisk, IsNotWhatTheSettingsMakeOfIt)
{
    int count = 0;
    auto done = set({{"settings.k0", largest_value}});
    while (done.has_value()) {
        ASSERT_LT(++count, 100);
        done = set({{std::format("settings.k{}", count), largest_value}});
    }
    EXPECT_EQ(done.error().code(), Errc::too_large);
    EXPECT_THAT(done.error().message(), HasSubstr("unset some first"));
    EXPECT_EQ(count, 5);
    EXPECT_TRUE(store_.discard("t"));
    EXPECT_TRUE(unset("settings.k0"));
    EXPECT_TRUE(set({{"settings.k9", largest_value}}));
    EXPECT_LT(disk_.space_used(), 16U << 20U);
}

TEST(Reserve, IsThereWholeOrNotAtAll)
{
    io::FakeFiles files;
    files.put_directory("/datastore");
    files.limit_space(reserve_size - 1);
    EXPECT_EQ(keep_reserve(files, "/datastore").error().code(), Errc::no_space);
    EXPECT_THAT(*files.list("/datastore"), IsEmpty()) << "it must not be what fills the disk";

    files.limit_space(reserve_size);
    ASSERT_TRUE(keep_reserve(files, "/datastore"));
    EXPECT_EQ(files.space_used(), reserve_size);
    ASSERT_TRUE(keep_reserve(files, "/datastore")) << "once is enough";
    ASSERT_TRUE(give_reserve(files, "/datastore"));
    EXPECT_EQ(files.space_used(), 0U);
    EXPECT_TRUE(give_reserve(files, "/datastore"));
}

} // namespace

} // namespace holdfast::store
