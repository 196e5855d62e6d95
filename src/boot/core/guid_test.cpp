#include "boot/core/crc32.hpp"
#include "boot/core/guid.hpp"

#include <gtest/gtest.h>
#include <string>

namespace holdfast::boot {
namespace {

std::string as_string(const GuidText& text)
{
    return {text.begin(), text.end()};
}

TEST(Guid, HasTheMixedByteOrderOfDisks)
{
    // This one was chosen by its author so that the bytes on the disk can be read.
    const auto guid = parse_guid("6B636168-7420-6568-2070-6c616e657421");
    ASSERT_TRUE(guid.has_value());
    std::string bytes;
    for (const auto byte : guid->bytes) {
        bytes += static_cast<char>(byte);
    }
    EXPECT_EQ(bytes, "hack the planet!");
}

TEST(Guid, IsWrittenInEitherCase)
{
    constexpr auto guid = guid_constant("c12a7328-f81f-11d2-ba4b-00A0C93EC93B");
    EXPECT_EQ(as_string(lower_case(guid)), "c12a7328-f81f-11d2-ba4b-00a0c93ec93b");
    EXPECT_EQ(as_string(upper_case(guid)), "C12A7328-F81F-11D2-BA4B-00A0C93EC93B");
}

TEST(Guid, RefusesOtherText)
{
    for (const auto* text : {"", "c12a7328", "c12a7328-f81f-11d2-ba4b-00a0c93ec93",
                             "c12a7328-f81f-11d2-ba4b-00a0c93ec93b0",
                             "c12a7328xf81f-11d2-ba4b-00a0c93ec93b",
                             "{12a7328-f81f-11d2-ba4b-00a0c93ec93b",
                             "c12a7328-f81f-11d2-ba4b-00a0c93ec9-b"}) {
        EXPECT_FALSE(parse_guid(text).has_value()) << text;
    }
}

TEST(Crc32, GivesTheValueOfTheStandardsCheckString)
{
    const std::string text = "123456789";
    const auto bytes = std::as_bytes(std::span(text));
    EXPECT_EQ(crc32(bytes), 0xcbf43926U);
    EXPECT_EQ(crc32(bytes.subspan(4), crc32(bytes.first(4))), 0xcbf43926U);
    EXPECT_EQ(crc32({}), 0U);
}

} // namespace
} // namespace holdfast::boot
