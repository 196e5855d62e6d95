#include "update/repository/abandon.hpp"
#include "update/repository/testing/test_publisher.hpp"
#include "update/tuf/decode.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace holdfast::publish {
namespace {

using ::testing::AnyOf;

/// What somebody does to a repository, to the end of publishing it. False where it did not come to
/// that.
struct Change {
    const char* name;
    bool (*prepare)(TestPublisher& publisher);
    bool (*make)(TestPublisher& publisher);
    /// Doing it again is enough; else it may be refused for what was drafted, which is there to be signed.
    bool ends_by_itself = false;
};

bool is_published(const Result<std::vector<Waiting>>& waiting)
{
    return waiting.has_value() && waiting->empty();
}

bool add_two(TestPublisher& publisher)
{
    return publisher.add("1.0.0").has_value() && publisher.add("1.1.0", {"1.0.0"}).has_value();
}

template <typename Edit>
bool draft_edited(TestPublisher& publisher, Edit edit)
{
    auto content = load_content(publisher.files, publisher.layout, TestPublisher::channel);
    const auto now = std::chrono::floor<std::chrono::seconds>(publisher.clock.now());
    return content.has_value() && edit(*content).has_value() &&
           draft_content(publisher.files, publisher.layout, TestPublisher::channel,
                         *std::move(content), now, publisher.options.expiration.targets)
               .has_value();
}

bool draft_removal(TestPublisher& publisher)
{
    return draft_edited(publisher, [](auto& content) {
        return remove_version(content, TestPublisher::channel, version_of("1.1.0"));
    });
}

bool draft_waves(TestPublisher& publisher)
{
    return draft_edited(publisher, [&](auto& content) {
        const auto start = std::chrono::floor<std::chrono::seconds>(publisher.clock.now());
        return set_waves(content, TestPublisher::channel, version_of("1.1.0"), {{0, start}});
    });
}

/// The new key's text is kept on the disk beside the repository, as a person would.
bool make_new_key(TestPublisher& publisher)
{
    auto key = crypto::PrivateKey::generate(crypto::SignatureScheme::ed25519);
    publisher.files.put("/new-key", key.public_key().pem());
    publisher.keys.add(std::move(key));
    return add_two(publisher);
}

bool draft_rotation(TestPublisher& publisher, const char* role)
{
    const auto next = load_next_root(publisher.files, publisher.layout);
    const auto first = publisher.files.read(publisher.layout.roots() / "1.root.json");
    const auto pem = publisher.files.read("/new-key");
    if (!next.has_value() || !first.has_value() || !pem.has_value()) {
        return false;
    }
    const auto old = *tuf::read_root((*parse_json(*first))["signed"]);
    RoleChange change{.role = role};
    change.add.push_back(*crypto::PublicKey::from_pem(*pem));
    change.remove = old.root.key_ids; // It has one key for all roles.
    const auto changed = change_root(*next, change);
    return changed.has_value() &&
           save_root_draft(publisher.files, publisher.layout, *changed).has_value();
}

const Change changes[] = {
    {"init",
     [](TestPublisher& publisher) {
         publisher.files = {};
         return true;
     },
     [](TestPublisher& publisher) {
         return publisher.draft_first_root().has_value() && is_published(publisher.publish_now());
     }},
    {"add", [](TestPublisher& publisher) { return publisher.add("1.0.0").has_value(); },
     [](TestPublisher& publisher) { return is_published(publisher.add("1.1.0", {"1.0.0"})); },
     true},
    {"remove", add_two,
     [](TestPublisher& publisher) {
         return draft_removal(publisher) && is_published(publisher.publish_now());
     }},
    {"waves", add_two,
     [](TestPublisher& publisher) {
         return draft_waves(publisher) && is_published(publisher.publish_now());
     }},
    {"refresh",
     [](TestPublisher& publisher) {
         const bool is_ready = add_two(publisher);
         publisher.clock.advance(std::chrono::days(5));
         return is_ready;
     },
     [](TestPublisher& publisher) {
         return draft_refresh(publisher.files, publisher.clock, publisher.layout,
                              TestPublisher::channel, "targets", {})
                    .has_value() &&
                is_published(publisher.publish_now());
     }},
    {"sign",
     [](TestPublisher& publisher) { return add_two(publisher) && draft_removal(publisher); },
     [](TestPublisher& publisher) { return is_published(publisher.publish_now()); }},
    {"rotate-root", make_new_key,
     [](TestPublisher& publisher) {
         return draft_rotation(publisher, "root") && is_published(publisher.publish_now());
     }},
    {"rotate-targets", make_new_key,
     [](TestPublisher& publisher) {
         return draft_rotation(publisher, "targets") && is_published(publisher.publish_now());
     }},
    {"abandon",
     [](TestPublisher& publisher) {
         return make_new_key(publisher) && draft_rotation(publisher, "targets");
     },
     [](TestPublisher& publisher) {
         return abandon_root(publisher.files, publisher.layout).has_value();
     }},
};

/// What machines and people find.
struct Found {
    std::string offer{}; ///< "1.0.0 1.1.0, <hash of the manifest>"
    tuf::Version root = 0;
    tuf::Time expiry{};
};

using Disk = std::map<std::filesystem::path, std::string>;

void read_below(io::FakeFiles& files, const std::filesystem::path& folder, Disk& disk)
{
    const auto names = *files.list(folder);
    for (const auto& name : names) {
        if (files.is_directory(folder / name)) {
            read_below(files, folder / name, disk);
        } else {
            disk[folder / name] = *files.read(folder / name);
        }
    }
}

Disk disk_of(io::FakeFiles& files)
{
    Disk disk;
    read_below(files, "/", disk);
    return disk;
}

io::FakeFiles files_of(const Disk& disk)
{
    io::FakeFiles files;
    for (const auto& [path, content] : disk) {
        files.put(path, content);
    }
    return files;
}

class PublishPowerCut : public ::testing::TestWithParam<std::tuple<Change, io::Unflushed>> {
protected:
    TestPublisher publisher;

    Found look()
    {
        Found found;
        const auto root = load_current_root(publisher.files, publisher.layout);
        found.root = root.has_value() ? root->version : 0;
        // Other commands find their way past whatever lies about.
        const auto channels = list_channels(publisher.files, publisher.layout);
        EXPECT_TRUE(channels.has_value()) << channels.error().message();
        const auto published =
            load_published(publisher.files, publisher.layout, TestPublisher::channel);
        EXPECT_TRUE(published.has_value());
        if (!published.has_value() || !published->targets) {
            return found;
        }
        const auto verified = publisher.verify();
        EXPECT_TRUE(verified.has_value()) << verified.error().message();
        if (verified.has_value()) {
            for (const auto& version : verified->versions) {
                found.offer += version + " ";
            }
            found.offer += published->targets->part.targets.at("manifest.json").sha256()->hex();
            found.expiry = verified->earliest_expiry;
        }
        return found;
    }
};

TEST_P(PublishPowerCut, LeavesTheOldOfferOrTheNewOneAtEveryStep)
{
    const auto& [change, unflushed] = GetParam();
    ASSERT_TRUE(change.prepare(publisher));
    const auto start = disk_of(publisher.files);
    const auto before = look();
    ASSERT_TRUE(change.make(publisher));
    const auto after = look();

    std::set<Disk> seen; // Most steps leave the same disk as the one before.
    int points = 0;
    for (bool finished = false; !finished; ++points) {
        SCOPED_TRACE(points);
        publisher.files = files_of(start);
        publisher.files.cut_power_after(points);
        finished = change.make(publisher);
        publisher.files.restart(unflushed);
        if (!seen.insert(disk_of(publisher.files)).second && !finished) {
            continue;
        }
        const auto found = look();
        EXPECT_THAT(found.offer, AnyOf(before.offer, after.offer));
        EXPECT_THAT(found.root, AnyOf(before.root, after.root));
        if (finished) {
            EXPECT_EQ(found.offer, after.offer);
            EXPECT_EQ(found.root, after.root);
            EXPECT_EQ(found.expiry, after.expiry);
        }

        // Doing it again ends where it would have, whether or not there is anything left to do.
        const bool is_made = change.make(publisher);
        if (change.ends_by_itself) {
            EXPECT_EQ(is_made, found.offer != after.offer) << "it is refused once it is published only";
        } else {
            const auto waiting = publisher.publish_now();
            ASSERT_TRUE(waiting.has_value()) << waiting.error().message();
            EXPECT_TRUE(waiting->empty()) << (*waiting)[0].document << ": " << (*waiting)[0].reason;
        }
        const auto again = look();
        EXPECT_EQ(again.offer, after.offer) << is_made;
        EXPECT_EQ(again.root, after.root);
        EXPECT_EQ(again.expiry, after.expiry);
    }
    EXPECT_GE(seen.size(), 2U) << "the cuts should reach into the change";
}

std::string name_of(const ::testing::TestParamInfo<std::tuple<Change, io::Unflushed>>& test)
{
    std::string name = std::get<0>(test.param).name;
    std::erase(name, '-');
    return name;
}

INSTANTIATE_TEST_SUITE_P(AllLost, PublishPowerCut,
                         ::testing::Combine(::testing::ValuesIn(changes),
                                            ::testing::Values(io::Unflushed::all_lost)),
                         name_of);
// Takes twice as long, and all changes write in the same way.
INSTANTIATE_TEST_SUITE_P(NamesKept, PublishPowerCut,
                         ::testing::Combine(::testing::Values(changes[0], changes[1], changes[6]),
                                            ::testing::Values(io::Unflushed::names_kept)),
                         name_of);

} // namespace
} // namespace holdfast::publish
