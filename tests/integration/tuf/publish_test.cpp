// Repositories that we publish, read by python3-tuf and by tuf-client; keys on a token.

#include "stage.hpp"

#include "crypto/sha256.hpp"
#include "update/repository/publish.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast {
namespace {

using crypto::PrivateKey;
using crypto::SignatureScheme;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Published : public ::testing::TestWithParam<SignatureScheme> {
protected:
    /// Publishes one build with the key for all roles.
    void publish_with(PrivateKey key)
    {
        publish::RootKeys keys;
        for (auto* role : {&keys.root, &keys.timestamp, &keys.snapshot, &keys.targets}) {
            role->keys.push_back(key.public_key());
        }
        ring.add(std::move(key));
        const auto now = std::chrono::floor<std::chrono::seconds>(clock.now());
        const auto a_day = std::chrono::days(1);
        ASSERT_TRUE(publish::save_root_draft(files, layout, *publish::make_root(keys, now + a_day))
                        .has_value());
        publish::Content content;
        const auto build = make_build();
        ASSERT_TRUE(
            publish::add_build(content, build, {})
                .has_value());
        for (const auto& payload : {build.boot, build.root, build.hash}) {
            ASSERT_TRUE(publish::store_target(
                            files, layout, content.targets.targets.at(payload.name), payload.name)
                            .has_value());
        }
        ASSERT_TRUE(publish::draft_content(files, layout, build.channel, content, now, a_day)
                        .has_value());
        const auto waiting = publish::publish(files, clock, layout, ring, {});
        ASSERT_TRUE(waiting.has_value()) << waiting.error().message();
        ASSERT_THAT(*waiting, IsEmpty());
    }

    static publish::Build make_build()
    {
        const auto payload = [](const std::string& suffix) {
            const auto name = "holdfast-metal-x86_64-1.0.0-" + suffix;
            return publish::Payload{
                .name = name, .size = name.size(), .sha256 = crypto::sha256(name).hex()};
        };
        return {.channel = {.variant = "metal", .arch = "x86_64"},
                .version = *Version::parse("1.0.0"),
                .boot = payload("boot.efi"),
                .root = payload("root.erofs"),
                .hash = payload("hash.verity"),
                .partitions = {.boot = 99, .root = 99, .hash = 99}};
    }

    /// Both clients read the repository over HTTP.
    void read_by_both()
    {
        const stage::Server server(folder.path());
        const auto root = layout.roots() / "1.root.json";
        const auto metadata = server.url("plain", "repository/metadata/metal/x86_64");
        const auto targets = server.url("plain", "repository/targets");
        const auto python =
            stage::run({"python3", HOLDFAST_TESTS_FOLDER "/read_repository.py", root,
                        metadata + "/", targets + "/", folder.path() / "python"});
        EXPECT_THAT(python, HasSubstr("1.0.0-root.erofs {\"arch\": \"x86_64\""));
        const std::vector<std::string> options{HOLDFAST_PROGRAMS "/tuf-client",
                                               "--metadata-dir",
                                               folder.path() / "ours",
                                               "--metadata-url",
                                               metadata,
                                               "--target-base-url",
                                               targets,
                                               "--target-dir",
                                               folder.path() / "ours",
                                               "--target-name",
                                               "holdfast-metal-x86_64-1.0.0-root.erofs"};
        auto init = options;
        init.insert(init.end(), {"init", root});
        stage::run(init);
        auto download = options;
        download.emplace_back("download");
        stage::run(download);
    }

    stage::Folder folder;
    io::PosixFiles files;
    io::PosixClock clock;
    publish::Layout layout{folder.path() / "repository"};
    publish::KeyRing ring;
};

TEST_P(Published, RepositoriesAreReadByBothClients)
{
    publish_with(PrivateKey::generate(GetParam()));
    read_by_both();
}

INSTANTIATE_TEST_SUITE_P(Schemes, Published,
                         ::testing::Values(SignatureScheme::ed25519,
                                           SignatureScheme::rsa_pss_sha256,
                                           SignatureScheme::ecdsa_p256_sha256));

class Token : public Published {};

TEST_F(Token, KeysNeverLeaveIt)
{
    auto key = PrivateKey::from_token(stage::make_token(folder.path()));
    ASSERT_TRUE(key.has_value()) << key.error().message();
    EXPECT_EQ(key->scheme(), SignatureScheme::ecdsa_p256_sha256);
    EXPECT_FALSE(key->pem().has_value()) << "the token gave its key away";
    publish_with(*std::move(key));
    read_by_both();
}

} // namespace
} // namespace holdfast
