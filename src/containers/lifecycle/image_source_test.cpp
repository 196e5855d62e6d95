#include "containers/lifecycle/image_source.hpp"

#include <gtest/gtest.h>

namespace holdfast::containers {
namespace {

struct Good {
    const char* text;
    const char* registry;
    const char* whole;
};

class RegistryImages : public ::testing::TestWithParam<Good> {};

TEST_P(RegistryImages, AreReadInFull)
{
    const auto image = RegistryImage::parse(GetParam().text);
    ASSERT_TRUE(image.has_value()) << image.error().message();
    EXPECT_EQ(image->registry(), GetParam().registry);
    EXPECT_EQ(image->str(), GetParam().whole);
    // The full form means the same.
    EXPECT_EQ(RegistryImage::parse(image->str()).value_or(*image).str(), image->str());
}

constexpr auto digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

INSTANTIATE_TEST_SUITE_P(
    Forms, RegistryImages,
    ::testing::Values(
        Good{"nginx", "docker.io", "docker.io/library/nginx:latest"},
        Good{"nginx:1.27", "docker.io", "docker.io/library/nginx:1.27"},
        Good{"docker.io/nginx", "docker.io", "docker.io/library/nginx:latest"},
        Good{"team/app", "docker.io", "docker.io/team/app:latest"},
        Good{"public.ecr.aws/bottlerocket/bottlerocket-admin:v0.12.4", "public.ecr.aws",
             "public.ecr.aws/bottlerocket/bottlerocket-admin:v0.12.4"},
        Good{"localhost/a", "localhost", "localhost/a:latest"},
        Good{"host:5000/a/b__c--d.e:T_1", "host:5000", "host:5000/a/b__c--d.e:T_1"},
        Good{"[::1]:5000/a", "[::1]:5000", "[::1]:5000/a:latest"},
        Good{"r.example/a@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
             "r.example",
             "r.example/a@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"},
        Good{"r.example/a:1@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
             "r.example",
             "r.example/"
             "a:1@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"}));

class BadSources : public ::testing::TestWithParam<std::string> {};

TEST_P(BadSources, AreRefused)
{
    const auto source = parse_image_source(GetParam());
    ASSERT_FALSE(source.has_value());
    EXPECT_EQ(source.error().code(), Errc::invalid);
}

INSTANTIATE_TEST_SUITE_P(
    Forms, BadSources,
    ::testing::Values("", "/", "a/", "/a", "a//b", "A/b", "r.example/Upper", "a b", "a\nb",
                      "a:tag/b:", "a:", "a:.x", "a:-x", "a@", "a@sha256:12", "a@md5:" + std::string(64, '0'),
                      "a@sha256:" + std::string(64, 'A'), "a@" + std::string(digest) + "0",
                      "a___b", "a._b", "-a", "a-", "a..b", "host:port/a", "host:123456/a",
                      "..example/a", "r..example/a", "-r.example/a", "[::1/a", "[]/a.b",
                      "https://r.example/a", "a:" + std::string(129, 't'),
                      "r.example/" + std::string(250, 'a'), "file:", "file://", "file:///",
                      "file://relative.tar", "file:///a/../b.tar", "file:///a b.tar",
                      "file:///a\n.tar"));

TEST(ArchiveSources, KeepTheirPathAndHaveANameOfTheirOwn)
{
    const auto source = parse_image_source("file:///usr/share/holdfast/images/control.tar");
    ASSERT_TRUE(source.has_value()) << source.error().message();
    const auto* archive = std::get_if<ArchiveImage>(&*source);
    ASSERT_NE(archive, nullptr);
    EXPECT_EQ(archive->path, "/usr/share/holdfast/images/control.tar");
    EXPECT_EQ(archive->name(), "file:///usr/share/holdfast/images/control.tar");
    EXPECT_FALSE(RegistryImage::parse(archive->name()).has_value());
}

} // namespace
} // namespace holdfast::containers
