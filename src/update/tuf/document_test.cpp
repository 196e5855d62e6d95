#include "update/tuf/document.hpp"

#include "update/tuf/decode.hpp"
#include "update/tuf/encode.hpp"
#include "update/tuf/keys.hpp"

#include <gtest/gtest.h>

namespace holdfast::tuf {
namespace {

using crypto::PrivateKey;
using crypto::SignatureScheme;

constexpr std::size_t no_limit = 1U << 20;

/// A document signed by some of some keys.
struct Signing {
    Keys keys;
    std::vector<std::string> ids;
    std::vector<PrivateKey> private_keys;
    Document document = *Document::make({{"a", 1}});

    explicit Signing(std::initializer_list<SignatureScheme> schemes)
    {
        for (const auto scheme : schemes) {
            private_keys.push_back(PrivateKey::generate(scheme));
            const auto key = encode_key(private_keys.back().public_key());
            ids.push_back(*key_id(key));
            keys[ids.back()] = key;
        }
    }
    void sign(std::size_t which)
    {
        ASSERT_TRUE(document.sign(ids[which], private_keys[which]).has_value());
    }
    bool holds(std::uint64_t threshold) const
    {
        return verify(document, {.key_ids = ids, .threshold = threshold}, keys).has_value();
    }
};

TEST(Verify, CountsEachKindOfKey)
{
    Signing signing{SignatureScheme::ed25519, SignatureScheme::ecdsa_p256_sha256,
                    SignatureScheme::rsa_pss_sha256};
    for (std::size_t which = 0; which < 3; ++which) {
        EXPECT_FALSE(signing.holds(which + 1));
        signing.sign(which);
        EXPECT_TRUE(signing.holds(which + 1));
    }
    EXPECT_FALSE(signing.holds(4));
}

TEST(Verify, CountsOneKeyUnderTwoIdsOnce)
{
    Signing signing{SignatureScheme::ed25519};
    signing.sign(0);
    auto alias = signing.keys[signing.ids[0]];
    signing.keys["alias"] = alias;
    signing.ids.emplace_back("alias");
    ASSERT_TRUE(signing.document.sign("alias", signing.private_keys[0]).has_value());
    EXPECT_TRUE(signing.holds(1));
    EXPECT_FALSE(signing.holds(2));
}

TEST(Verify, PassesOverWhatItDoesNotKnow)
{
    Signing signing{SignatureScheme::ed25519, SignatureScheme::ed25519};
    signing.sign(0);
    signing.sign(1);
    signing.keys[signing.ids[0]].scheme = "rot13";
    EXPECT_TRUE(signing.holds(1));
    EXPECT_FALSE(signing.holds(2));
    EXPECT_FALSE(
        verify(signing.document, {.key_ids = {"other"}, .threshold = 1}, signing.keys).has_value());
}

TEST(Document, KeepsUnknownMembersInWhatIsSigned)
{
    Signing signing{SignatureScheme::ed25519};
    signing.document = *Document::make({{"known", 1}, {"unknown", {{"deep", "x"}}}});
    signing.sign(0);
    auto text = signing.document.text();
    signing.document = *Document::parse(text, no_limit);
    EXPECT_TRUE(signing.holds(1));
    text.replace(text.find("deep"), 4, "deem");
    signing.document = *Document::parse(text, no_limit);
    EXPECT_FALSE(signing.holds(1));
}

TEST(Document, IsRefusedWhereItIsNone)
{
    const struct {
        const char* text;
        Errc code;
    } cases[] = {
        {"", Errc::invalid},
        {"[]", Errc::invalid},
        {R"({"signatures":[]})", Errc::invalid},
        {R"({"signed":{}})", Errc::invalid},
        {R"({"signed":{"a":1.5},"signatures":[]})", Errc::invalid},
        {R"({"signed":{"a":1,"a":2},"signatures":[]})", Errc::invalid},
        {R"({"signed":{},"signatures":[{"keyid":"a"}]})", Errc::invalid},
        {R"({"signed":{},"signatures":[{"keyid":"a","sig":""},{"keyid":"a","sig":""}]})",
         Errc::invalid},
    };
    for (const auto& test : cases) {
        const auto parsed = Document::parse(test.text, no_limit);
        ASSERT_FALSE(parsed.has_value()) << test.text;
        EXPECT_EQ(parsed.error().code(), test.code) << test.text;
    }
    EXPECT_EQ(Document::parse(R"({"signed":{},"signatures":[]})", 5).error().code(),
              Errc::too_large);
}

TEST(Decode, RefusesWhatTheSpecificationForbids)
{
    const Json good = {{"_type", "targets"},
                       {"spec_version", "1.0.33"},
                       {"version", 1},
                       {"expires", "2030-01-01T00:00:00Z"},
                       {"targets", Json::object()},
                       {"unknown", 1}};
    ASSERT_TRUE(read_targets(good).has_value());
    const std::pair<const char*, Json> wrong[] = {
        {"_type", "snapshot"},
        {"_type", nullptr},
        {"spec_version", "2.0.0"},
        {"version", 0},
        {"version", -1},
        {"version", "1"},
        {"expires", "tomorrow"},
        {"targets", Json::array()},
        {"targets", {{"x", {{"length", 1}}}}},
        {"targets", {{"x", {{"length", 1}, {"hashes", Json::object()}}}}},
        {"delegations", Json::object()},
    };
    for (const auto& [member, value] : wrong) {
        auto bad = good;
        bad[member] = value;
        EXPECT_FALSE(read_targets(bad).has_value()) << bad;
    }
}

TEST(Decode, TakesNoDelegationToATopLevelRole)
{
    for (const auto* role : {"root", "timestamp", "snapshot", "targets", ""}) {
        Targets targets;
        targets.delegations.push_back(
            {.role = role, .signers = {}, .paths = {"*"}, .hash_prefixes = {}});
        EXPECT_FALSE(read_targets(write_targets(targets)).has_value()) << role;
    }
}

/// A root in which one more key stands beside a good one.
Json root_with_key(const Json& other_key)
{
    Root root;
    const auto key = encode_key(PrivateKey::generate(SignatureScheme::ed25519).public_key());
    root.keys[*key_id(key)] = key;
    root.keys["other"] = {.fields = other_key};
    root.root.key_ids = {*key_id(key), "other"};
    return write_root(root);
}

TEST(Decode, KeepsKeysOfUnknownKindsAsTheyAre)
{
    for (const Json& value :
         {Json{{"identity", "someone"}, {"issuer", "somebody"}}, Json{{"public", 7}}, Json()}) {
        const Json strange = {
            {"keytype", "sigstore-oidc"}, {"scheme", "Fulcio"}, {"keyval", value}};
        const auto written = root_with_key(strange);
        const auto root = read_root(written);
        ASSERT_TRUE(root.has_value()) << root.error().message();
        const auto& key = root->keys.at("other");
        EXPECT_EQ(*key_id(key), *key_id({.fields = strange}));
        EXPECT_EQ(decode_key(key).error().code(), Errc::unsupported);
        EXPECT_EQ(write_root(*root), written);
    }
}

TEST(Decode, RefusesKeysOfKnownKindsWithoutAPublicPart)
{
    for (const auto* type : {"ed25519", "rsa", "ecdsa", "ecdsa-sha2-nistp256"}) {
        const Json key = {{"keytype", type}, {"scheme", "s"}, {"keyval", Json::object()}};
        EXPECT_FALSE(read_root(root_with_key(key)).has_value()) << type;
    }
}

TEST(Encode, IsReadBackTheSame)
{
    Targets targets;
    targets.version = 7;
    targets.expires = std::chrono::sys_days(std::chrono::year(2030) / 2 / 3);
    targets.targets["x"] = {
        .name = "x", .length = 3, .hashes = {{"sha256", "00"}}, .custom = {{"variant", "metal"}}};
    targets.delegations.push_back({.role = "r",
                                   .signers = {.key_ids = {"a", "b"}, .threshold = 2},
                                   .terminating = true,
                                   .paths = {},
                                   .hash_prefixes = {"0a"}});
    EXPECT_EQ(write_targets(*read_targets(write_targets(targets))), write_targets(targets));
    Snapshot snapshot;
    snapshot.meta["targets.json"] = {.version = 2, .length = 3, .hashes = {{"sha256", "aa"}}};
    EXPECT_EQ(write_snapshot(*read_snapshot(write_snapshot(snapshot))), write_snapshot(snapshot));
    Timestamp timestamp;
    EXPECT_EQ(write_timestamp(*read_timestamp(write_timestamp(timestamp))),
              write_timestamp(timestamp));
    Root root;
    const auto key = encode_key(PrivateKey::generate(SignatureScheme::ed25519).public_key());
    root.keys[*key_id(key)] = key;
    root.root.key_ids = {*key_id(key)};
    EXPECT_EQ(write_root(*read_root(write_root(root))), write_root(root));
}

/// Publishers who draft anew what others have made must not lose what they don't know.
TEST(Encode, KeepsUnknownMembersEverywhere)
{
    const auto with_notes = [](Json object) {
        object["x-note"] = {{"deep", {1, "two", nullptr}}};
        return object;
    };
    const auto signers = with_notes({{"keyids", {"a"}}, {"threshold", 1}});
    const Json key =
        with_notes({{"keytype", "t"}, {"scheme", "s"}, {"keyval", with_notes({{"public", "p"}})}});
    const Json head{{"spec_version", "1.0.0"}, {"version", 3}, {"expires", "2030-01-01T00:00:00Z"}};
    const auto document = [&](const char* type, const Json& members) {
        auto part = with_notes(head);
        part["_type"] = type;
        part.update(members);
        return part;
    };
    const auto root = document("root", {{"consistent_snapshot", true},
                                        {"keys", {{"a", key}}},
                                        {"roles", with_notes({{"root", signers},
                                                              {"timestamp", signers},
                                                              {"snapshot", signers},
                                                              {"targets", signers}})}});
    EXPECT_EQ(write_root(*read_root(root)), root);
    const auto meta = with_notes({{"version", 1}, {"length", 2}, {"hashes", {{"sha256", "ab"}}}});
    const auto timestamp = document("timestamp", {{"meta", {{"snapshot.json", meta}}}});
    EXPECT_EQ(write_timestamp(*read_timestamp(timestamp)), timestamp);
    const auto snapshot =
        document("snapshot", {{"meta", {{"targets.json", meta}, {"a.json", meta}}}});
    EXPECT_EQ(write_snapshot(*read_snapshot(snapshot)), snapshot);
    auto delegation = signers;
    delegation.update({{"name", "a"}, {"terminating", false}, {"paths", {"*"}}});
    const auto targets = document(
        "targets",
        {{"targets",
          {{"x",
            with_notes({{"length", 1}, {"hashes", {{"sha256", "ab"}}}, {"custom", {{"y", 1}}}})}}},
         {"delegations",
          with_notes({{"keys", {{"a", key}}}, {"roles", Json::array({delegation})}})}});
    EXPECT_EQ(write_targets(*read_targets(targets)), targets);
}

} // namespace
} // namespace holdfast::tuf
