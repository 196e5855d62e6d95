#include "image/sbom.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast::image {
namespace {

using ::testing::UnorderedElementsAre;

Package package(std::string name, std::string version)
{
    return {.name = std::move(name),
            .version = std::move(version),
            .architecture = "amd64",
            .source = {},
            .maintainer = {},
            .homepage = {},
            .summary = {},
            .file = {}};
}

Json bill(const std::vector<Package>& packages, const ContainerPackages& containers)
{
    Variant variant;
    variant.name = "test";
    return make_sbom(variant, {.version = "1.0.0", .commit8 = "12345678", .architecture = "x86_64"},
                     packages, containers, "2026-01-01T00:00:00Z");
}

/// "name version" of what this element contains, by the document's own relationships.
std::vector<std::string> contents_of(const Json& document, const std::string& owner)
{
    std::map<std::string, std::string> names;
    for (const auto& entry : document["packages"]) {
        const auto id = entry["SPDXID"].get<std::string>();
        EXPECT_TRUE(names
                        .emplace(id, entry["name"].get<std::string>() + " " +
                                         entry["versionInfo"].get<std::string>())
                        .second)
            << id << " is there twice";
    }
    std::vector<std::string> contents;
    for (const auto& link : document["relationships"]) {
        if (link["spdxElementId"] == owner && link["relationshipType"] == "CONTAINS") {
            contents.push_back(names[link["relatedSpdxElement"].get<std::string>()]);
        }
    }
    return contents;
}

TEST(Sbom, SaysWhatTheImageAndEachContainerImageContain)
{
    const auto document =
        bill({package("libc6", "2.41"), package("systemd", "257")},
             {{"control", {package("busybox-static", "1:1.37"), package("libc6", "2.41")}}});
    EXPECT_THAT(contents_of(document, "SPDXRef-Image"),
                UnorderedElementsAre("libc6 2.41", "systemd 257", "holdfast-control 1.0.0"));
    EXPECT_THAT(contents_of(document, "SPDXRef-Container-control"),
                UnorderedElementsAre("busybox-static 1:1.37", "libc6 2.41"));
}

TEST(Sbom, KeepsTwoVersionsOfOnePackageApart)
{
    const auto document =
        bill({package("libc6", "2.41")}, {{"a", {package("libc6", "2.42")}}, {"b", {}}});
    EXPECT_THAT(contents_of(document, "SPDXRef-Image"),
                UnorderedElementsAre("libc6 2.41", "holdfast-a 1.0.0", "holdfast-b 1.0.0"));
    EXPECT_THAT(contents_of(document, "SPDXRef-Container-a"), UnorderedElementsAre("libc6 2.42"));
}

TEST(Sbom, HasANamespaceThatContainersChangeToo)
{
    const auto without = bill({package("libc6", "2.41")}, {{"a", {}}});
    const auto with = bill({package("libc6", "2.41")}, {{"a", {package("libc6", "2.42")}}});
    EXPECT_NE(without["documentNamespace"], with["documentNamespace"]);
}

} // namespace
} // namespace holdfast::image
