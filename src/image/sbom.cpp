#include "image/sbom.hpp"

#include "crypto/sha256.hpp"

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
std::string spdx_id(std::string_view name)
{
    std::string id = "SPDXRef-Package-";
    for (const char c : name) {
        const bool allowed = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                             (c >= '0' && c <= '9') || c == '.' || c == '-';
        id += allowed ? c : '-';
    }
    return id;
}

Json relationship(std::string_view from, std::string_view type, std::string_view to)
{
    return {{"spdxElementId", from}, {"relationshipType", type}, {"relatedSpdxElement", to}};
}

} // namespace

Json make_sbom(const Variant& variant, const Release& release,
               const std::vector<Package>& packages, std::string_view created)
{
    constexpr auto image_id = "SPDXRef-Image";
    Json elements = Json::array();
    Json relationships = Json::array();
    elements.push_back(element(image_id, "holdfast-" + variant.name, release.version));
    relationships.push_back(relationship("SPDXRef-DOCUMENT", "DESCRIBES", image_id));
    std::string identity;
    for (const auto& package : packages) {
        auto entry = element(spdx_id(package.name), package.name, package.version);
        entry["supplier"] = "Organization: Debian";
        entry["originator"] = "Person: " + package.maintainer;
        entry["sourceInfo"] = "built from Debian source package " + package.source;
        entry["summary"] = package.summary;
        if (!package.homepage.empty()) {
            entry["homepage"] = package.homepage;
        }
        entry["externalRefs"] = Json::array(
            {{{"referenceCategory", "PACKAGE-MANAGER"},
              {"referenceType", "purl"},
              {"referenceLocator", std::format("pkg:deb/debian/{}@{}?arch={}", package.name,
                                               package.version, package.architecture)}}});
        elements.push_back(std::move(entry));
        relationships.push_back(relationship(image_id, "CONTAINS", spdx_id(package.name)));
        identity += package.name + package.version;
    }
    return {{"spdxVersion", "SPDX-2.3"},
            {"dataLicense", "CC0-1.0"},
            {"SPDXID", "SPDXRef-DOCUMENT"},
            {"name", std::format("holdfast-{}-{}", variant.name, release.version)},
            {"documentNamespace",
             std::format("urn:holdfast:sbom:{}:{}:{}", variant.name, release.commit8,
                         crypto::sha256(identity).hex().substr(0, 16))},
            {"creationInfo",
             {{"created", created}, {"creators", Json::array({"Tool: holdfast build"})}}},
            {"packages", elements},
            {"relationships", relationships}};
}

} // namespace holdfast::image
