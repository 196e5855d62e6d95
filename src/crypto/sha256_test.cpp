#include "crypto/sha256.hpp"

#include <gtest/gtest.h>

namespace holdfast::crypto {
namespace {

TEST(Sha256, MatchesThePublishedVectors)
{
    EXPECT_EQ(sha256("").hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(sha256("abc").hex(),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Sha256, ParsesWhatItPrintsAndRefusesOtherLengths)
{
    EXPECT_EQ(*Sha256::parse(sha256("abc").hex()), sha256("abc"));
    EXPECT_FALSE(Sha256::parse("00").has_value());
    EXPECT_FALSE(Sha256::parse(std::string(64, 'g')).has_value());
}

TEST(Sha256Stream, HashesPiecesAsTheWhole)
{
    Sha256Stream ours;
    DigestStream chosen(DigestAlgorithm::sha256);
    for (const std::string_view piece : {"a", "", "bc"}) {
        ours.update(piece);
        chosen.update(piece);
    }
    EXPECT_EQ(ours.finish(), sha256("abc"));
    EXPECT_EQ(chosen.finish_hex(), sha256("abc").hex());
}

TEST(SaltedSha256, IsTheHashOfTheSaltAndEachPiece)
{
    const std::string salt = "salt";
    SaltedSha256 salted(std::as_bytes(std::span(salt)));
    for (const std::string piece : {"abc", "", "abc"}) {
        EXPECT_EQ(salted.digest(std::as_bytes(std::span(piece))), sha256(salt + piece));
    }
}

} // namespace
} // namespace holdfast::crypto
