#include "image/sbom.hpp"

#include "crypto/sha256.hpp"

#include <format>

namespace holdfast::image {

namespace {

Json element(std::string_view id, std::string_view name, std::string_view version)
{
    return {{"SPDXID", id},
            {"name", name},
            {"versionInfo", version},
            {"downloadLocation", "NOASSERTION"},
            {"filesAnalyzed", false},
            {"licenseConcluded", "NOASSERTION"},
            {"licenseDeclared", "NOASSERTION"},
            {"copyrightText", "NOASSERTION"}};
}

/// SPDX identifiers allow letters, digits, '.' and '-' only.
std::string spdx_id(std::string_view kind, std::string_view name)
{
    auto id = std::format("SPDXRef-{}-", kind);
    for (const char c : name) {
        const bool allowed = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                             (c >= '0' && c <= '9') || c == '.' || c == '-';
        id += allowed ? c : '-';
    }
    return id;
}

Json describe(const Package& package, std::string_view id)
{
    auto entry = element(id, package.name, package.version);
    entry["supplier"] = "Organization: Debian";
    entry["originator"] = "Person: " + package.maintainer;
    entry["sourceInfo"] = "built from Debian source package " + package.source;
    entry["summary"] = package.summary;
    if (!package.homepage.empty()) {
        entry["homepage"] = package.homepage;
    }
    entry["externalRefs"] =
        Json::array({{{"referenceCategory", "PACKAGE-MANAGER"},
                      {"referenceType", "purl"},
                      {"referenceLocator", std::format("pkg:deb/debian/{}@{}?arch={}", package.name,
                                                       package.version, package.architecture)}}});
    return entry;
}

/// Elements and relationships, as far as they are known.
class Elements {
public:
    void relate(std::string_view from, std::string_view type, std::string_view to)
    {
        relationships.push_back(
            {{"spdxElementId", from}, {"relationshipType", type}, {"relatedSpdxElement", to}});
    }

    /// A package that the image and a container have in one version is one element.
    void add_packages(std::string_view owner, const std::vector<Package>& packages)
    {
        for (const auto& package : packages) {
            auto id = spdx_id("Package", package.name);
            if (const auto other = versions_.find(id);
                other != versions_.end() && other->second != package.version) {
                id = spdx_id("Package", package.name + "-" + package.version);
            }
            if (versions_.emplace(id, package.version).second) {
                elements.push_back(describe(package, id));
            }
            relate(owner, "CONTAINS", id);
            identity += package.name + package.version;
        }
    }

    Json elements = Json::array();
    Json relationships = Json::array();
    std::string identity; ///< What tells two bills apart.

private:
    std::map<std::string, std::string> versions_; ///< By identifier.
};

} // namespace

Json make_sbom(const Variant& variant, const Release& release, const std::vector<Package>& packages,
               const ContainerPackages& containers, std::string_view created)
{
    constexpr auto image_id = "SPDXRef-Image";
    Elements all;
    all.elements.push_back(element(image_id, "holdfast-" + variant.name, release.version));
    all.relate("SPDXRef-DOCUMENT", "DESCRIBES", image_id);
    all.add_packages(image_id, packages);
    for (const auto& [name, contained] : containers) {
        const auto id = spdx_id("Container", name);
        all.elements.push_back(element(id, "holdfast-" + name, release.version));
        all.relate(image_id, "CONTAINS", id);
        all.add_packages(id, contained);
    }
    return {{"spdxVersion", "SPDX-2.3"},
            {"dataLicense", "CC0-1.0"},
            {"SPDXID", "SPDXRef-DOCUMENT"},
            {"name", std::format("holdfast-{}-{}", variant.name, release.version)},
            {"documentNamespace",
             std::format("urn:holdfast:sbom:{}:{}:{}", variant.name, release.commit8,
                         crypto::sha256(all.identity).hex().substr(0, 16))},
            {"creationInfo",
             {{"created", created}, {"creators", Json::array({"Tool: holdfast build"})}}},
            {"packages", all.elements},
            {"relationships", all.relationships}};
}

} // namespace holdfast::image
