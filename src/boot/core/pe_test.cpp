#include "boot/core/bytes.hpp"
#include "boot/core/pe.hpp"

#include <gtest/gtest.h>
#include <vector>

namespace holdfast::boot {
namespace {

constexpr std::size_t coff = 0x80;
constexpr std::size_t optional_header = coff + 24;
constexpr std::size_t sections = optional_header + 240;

/// A PE32+ image of 0x400 bytes of headers and two sections: [0x400, 0x1000), [0x1000, 0x1800).
std::vector<std::byte> make_image()
{
    std::vector<std::byte> image(0x400);
    const std::span bytes(image);
    store<std::uint16_t>(bytes, 0, 0x5a4d);
    store<std::uint32_t>(bytes, 60, coff);
    store<std::uint32_t>(bytes, coff, 0x4550);
    store<std::uint16_t>(bytes, coff + 6, 2);
    store<std::uint16_t>(bytes, coff + 20, 240);
    store<std::uint16_t>(bytes, optional_header, 0x20b);
    store<std::uint32_t>(bytes, optional_header + 60, 0x400);
    store<std::uint32_t>(bytes, optional_header + 108, 16);
    store<std::uint32_t>(bytes, sections + 16, 0xc00);
    store<std::uint32_t>(bytes, sections + 20, 0x400);
    store<std::uint32_t>(bytes, sections + 40 + 16, 0x800);
    store<std::uint32_t>(bytes, sections + 40 + 20, 0x1000);
    return image;
}

TEST(PeImageSize, EndsWithTheLastSection)
{
    EXPECT_EQ(*pe_image_size(make_image()), 0x1800U);
}

TEST(PeImageSize, CountsTheCertificatesOfTheSignature)
{
    auto image = make_image();
    store<std::uint32_t>(image, optional_header + 112 + 32, 0x1800);
    store<std::uint32_t>(image, optional_header + 112 + 36, 0x5c8);
    EXPECT_EQ(*pe_image_size(image), 0x1dc8U);
}

TEST(PeImageSize, IgnoresSectionsThatAreNotInTheFile)
{
    auto image = make_image();
    store<std::uint32_t>(image, sections + 40 + 16, 0); // Uninitialised data.
    store<std::uint32_t>(image, sections + 40 + 20, 0x70000000);
    EXPECT_EQ(*pe_image_size(image), 0x1000U);
}

TEST(PeImageSize, DoesNotWrapAround)
{
    auto image = make_image();
    store<std::uint32_t>(image, sections + 16, 0xffffffff);
    store<std::uint32_t>(image, sections + 20, 0xffffffff);
    EXPECT_EQ(*pe_image_size(image), 0x1fffffffeU);
}

struct Damage {
    const char* what;
    std::size_t offset;
    std::uint32_t value;
};

class PeDamage : public ::testing::TestWithParam<Damage> {};

TEST_P(PeDamage, IsRefused)
{
    auto image = make_image();
    store<std::uint32_t>(image, GetParam().offset, GetParam().value);
    EXPECT_EQ(pe_image_size(image).error(), Fault::bad_image) << GetParam().what;
}

INSTANTIATE_TEST_SUITE_P(
    Fields, PeDamage,
    ::testing::Values(Damage{"no MZ", 0, 0}, Damage{"headers far away", 60, 0xfffffff0},
                      Damage{"headers at the edge", 60, 0x400 - 4}, Damage{"no PE", coff, 0x4550ff},
                      Damage{"too many sections", coff + 4, 0xffff0000},
                      Damage{"optional header too long", coff + 20, 0xffff},
                      Damage{"optional header too short", coff + 20, 100},
                      Damage{"32 bits", optional_header, 0x10b}));

TEST(PeImageSize, RefusesEveryTruncation)
{
    const auto image = make_image();
    for (std::size_t length = 0; length < sections + 80; ++length) {
        EXPECT_FALSE(pe_image_size(std::span(image).first(length)).has_value()) << length;
    }
}

} // namespace
} // namespace holdfast::boot
