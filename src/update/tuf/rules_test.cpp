#include "update/tuf/rules.hpp"

#include "update/tuf/names.hpp"

#include <gtest/gtest.h>

namespace holdfast::tuf {
namespace {

TEST(Pattern, MatchesWithinOneFolder)
{
    const struct {
        const char* pattern;
        const char* name;
        bool matches;
    } cases[] = {
        {"file", "file", true},
        {"file", "File", false},
        {"file", "files", false},
        {"*", "anything", true},
        {"*", "", true},
        {"*", "a/b", false},
        {"*/*", "a/b", true},
        {"*.tgz", "a.tgz", true},
        {"*.tgz", "a.tgz.sig", false},
        {"*a*a*", "banana", true},
        {"*a*ab", "aaab", true},
        {"foo-?.tgz", "foo-1.tgz", true},
        {"foo-?.tgz", "foo-12.tgz", false},
        {"foo?bar", "foo/bar", false},
        {"releases/*/x", "releases/1/x", true},
        {"releases/*/x", "releases/1/2/x", false},
        {"**", "abc", true},
        {"", "", true},
        {"", "a", false},
        {"?", "", false},
    };
    for (const auto& test : cases) {
        EXPECT_EQ(matches_pattern(test.pattern, test.name), test.matches)
            << test.pattern << " against " << test.name;
    }
}

TEST(Pattern, EndsSoonOnHardOnes)
{
    std::string pattern;
    for (int i = 0; i < 50; ++i) {
        pattern += "*a";
    }
    EXPECT_FALSE(matches_pattern(pattern + "b", std::string(2000, 'a')));
}

TEST(Delegation, IsByPathsOrByHash)
{
    // SHA-256 of "abc" begins with ba78.
    EXPECT_TRUE(is_delegated(
        {.role = "r", .signers = {}, .paths = {"x", "a*"}, .hash_prefixes = {}}, "abc"));
    EXPECT_TRUE(
        is_delegated({.role = "r", .signers = {}, .paths = {}, .hash_prefixes = {"ba7"}}, "abc"));
    EXPECT_FALSE(
        is_delegated({.role = "r", .signers = {}, .paths = {}, .hash_prefixes = {"bb"}}, "abc"));
    EXPECT_FALSE(is_delegated({}, "abc"));
}

TEST(Names, OfFilesAreUrls)
{
    EXPECT_EQ(file_url("/home/a b/50% #1"), "file:///home/a%20b/50%25%20%231");
}

TEST(Names, NeverLeaveTheirFolder)
{
    EXPECT_EQ(cached_name("../role"), "..%2Frole.json");
    EXPECT_EQ(published_name("a b?", 3), "3.a%20b%3F.json");
    EXPECT_EQ(published_name("timestamp", std::nullopt), "timestamp.json");
    const auto published = [](const char* name) {
        return published_target({.name = name, .hashes = {{"sha256", "ab"}}}, true);
    };
    EXPECT_EQ(*published("x"), "ab.x");
    EXPECT_EQ(*published("a/b c"), "a/ab.b%20c");
    for (const auto* name : {"", "/x", "x/", "a//b", "../x", "a/../b", "."}) {
        EXPECT_FALSE(published(name).has_value()) << name;
    }
    EXPECT_FALSE(published_target({.name = "x", .hashes = {{"sha256", "../x"}}}, true).has_value());
    EXPECT_EQ(*published_target({.name = "x", .hashes = {}}, false), "x");
    EXPECT_EQ(join_url("http://x//", "y"), "http://x/y");
}

TEST(Bytes, MustBeOfTheAnnouncedLengthAndHash)
{
    const std::string abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    EXPECT_TRUE(check_bytes({}, "abc").has_value());
    EXPECT_TRUE(check_bytes({.length = 3, .hashes = {{"sha256", abc}}}, "abc").has_value());
    EXPECT_TRUE(check_bytes({.hashes = {{"sha256", abc}, {"blake9", "00"}}}, "abc").has_value());
    EXPECT_FALSE(check_bytes({.length = 4}, "abc").has_value());
    EXPECT_FALSE(check_bytes({.hashes = {{"sha256", abc}}}, "abd").has_value());
    EXPECT_FALSE(check_bytes({.hashes = {{"blake9", "00"}}}, "abc").has_value());
}

TEST(Snapshot, MayNotLoseOrAgeWhatItLists)
{
    Snapshot old_one;
    old_one.meta = {{"targets.json", {.version = 3}}, {"a.json", {.version = 1}}};
    auto new_one = old_one;
    EXPECT_TRUE(check_no_rollback(old_one, new_one).has_value());
    new_one.meta["b.json"] = {};
    new_one.meta["targets.json"].version = 4;
    EXPECT_TRUE(check_no_rollback(old_one, new_one).has_value());
    new_one.meta["targets.json"].version = 2;
    EXPECT_FALSE(check_no_rollback(old_one, new_one).has_value());
    new_one = old_one;
    new_one.meta.erase("a.json");
    EXPECT_FALSE(check_no_rollback(old_one, new_one).has_value());
}

TEST(Keys, AreLostWhereTheyAreNoLongerNamed)
{
    EXPECT_FALSE(has_lost_key({.key_ids = {"a"}}, {.key_ids = {"b", "a"}}));
    EXPECT_TRUE(has_lost_key({.key_ids = {"a", "b"}}, {.key_ids = {"b"}}));
}

} // namespace
} // namespace holdfast::tuf
