#include "services/certdog/certdog.hpp"

#include "base/log.hpp"
#include "base/text.hpp"
#include "toml/toml.hpp"

#include <algorithm>
#include <cstdio>
#include <set>

namespace holdfast::certdog {

namespace {

constexpr auto image_file = "/usr/share/holdfast/ca-bundle.crt";
constexpr auto bundle_file = "/etc/pki/tls/certs/ca-bundle.crt";
constexpr auto wishes_file = "/etc/certdog.toml";
constexpr std::string_view begin_line = "-----BEGIN CERTIFICATE-----";
constexpr std::string_view end_line = "-----END CERTIFICATE-----";

Result<Certificate> certificate_of(std::string_view body)
{
    Certificate certificate;
    std::ranges::copy_if(body, std::back_inserter(certificate), [](char c) {
        return c != '\n' && c != '\r' && c != ' ' && c != '\t';
    });
    TRY_ASSIGN(const auto der, from_base64(certificate).while_("a certificate"));
    if (der.empty()) {
        return fail(Errc::invalid, "a certificate is empty");
    }
    return certificate;
}

void append_pem(std::string& text, const Certificate& certificate)
{
    constexpr std::size_t line_length = 64;
    text.append(begin_line).append("\n");
    for (std::size_t at = 0; at < certificate.size(); at += line_length) {
        text.append(certificate, at, line_length).append("\n");
    }
    text.append(end_line).append("\n");
}

Result<Bundle> parse_bundle(const std::string& name, const Json& entry)
{
    Bundle bundle{.name = name, .certificates = {}, .trusted = false};
    if (const auto trusted = entry.find("trusted"); trusted != entry.end()) {
        if (!trusted->is_boolean()) {
            return fail(Errc::invalid, "trusted: expected true or false");
        }
        bundle.trusted = trusted->get<bool>();
    }
    if (const auto data = entry.find("data"); data != entry.end()) {
        if (!data->is_string()) {
            return fail(Errc::invalid, "data: expected text");
        }
        TRY_ASSIGN(const auto pem, from_base64(data->get<std::string>()));
        TRY_ASSIGN(bundle.certificates, parse_certificates(pem));
    }
    return bundle;
}

} // namespace

Result<std::vector<Certificate>> parse_certificates(std::string_view pem)
{
    std::vector<Certificate> certificates;
    for (auto at = pem.find(begin_line); at != pem.npos; at = pem.find(begin_line, at)) {
        at += begin_line.size();
        const auto end = pem.find(end_line, at);
        if (end == pem.npos) {
            return fail(Errc::invalid, "a certificate has no end");
        }
        TRY_ASSIGN(auto certificate, certificate_of(pem.substr(at, end - at)));
        certificates.push_back(std::move(certificate));
        at = end + end_line.size();
    }
    if (certificates.empty()) {
        return fail(Errc::invalid, "no certificate in PEM form");
    }
    return certificates;
}

Result<std::vector<Bundle>> parse_bundles(std::string_view toml)
{
    TRY_ASSIGN(const auto document, parse_toml(toml));
    std::vector<Bundle> bundles;
    for (const auto& [name, entry] : document.items()) {
        if (!entry.is_object()) {
            return fail(Errc::invalid, "settings.pki.{}: expected a table", name);
        }
        TRY_ASSIGN(auto bundle, parse_bundle(name, entry).while_("settings.pki." + name));
        if (!bundle.certificates.empty()) {
            bundles.push_back(std::move(bundle));
        }
    }
    return bundles;
}

Result<std::string> combine(std::string_view image_bundle, const std::vector<Bundle>& bundles)
{
    std::set<Certificate> refused;
    for (const auto& bundle : bundles) {
        if (!bundle.trusted) {
            refused.insert(bundle.certificates.begin(), bundle.certificates.end());
        }
    }
    TRY_ASSIGN(const auto from_image,
               parse_certificates(image_bundle).while_("the image's certificates"));
    std::string text;
    for (const auto& certificate : from_image) {
        if (!refused.contains(certificate)) {
            append_pem(text, certificate);
        }
    }
    for (const auto& bundle : bundles) {
        if (!bundle.trusted) {
            continue;
        }
        // Names come from table keys, which may hold anything; a comment must stay one line.
        std::string comment = bundle.name;
        std::ranges::replace_if(
            comment, [](char c) { return static_cast<unsigned char>(c) < 0x20; }, '?');
        text.append("# ").append(comment).append("\n");
        for (const auto& certificate : bundle.certificates) {
            append_pem(text, certificate);
        }
    }
    return text;
}

Result<int> run(const std::vector<std::string>& arguments, io::System& system)
{
    if (!arguments.empty()) {
        const bool help = arguments == std::vector<std::string>{"--help"};
        std::fputs("usage: certdog\n"
                   "  makes the CA bundle out of the image's certificates and settings.pki\n",
                   help ? stdout : stderr);
        return help ? 0 : 2;
    }
    auto& files = system.files;
    TRY_ASSIGN(const auto wishes, files.read(wishes_file));
    TRY_ASSIGN(const auto bundles, parse_bundles(wishes).while_("reading /etc/certdog.toml"));
    TRY_ASSIGN(auto text, files.read(image_file));
    if (!bundles.empty()) {
        TRY_ASSIGN(text, combine(text, bundles));
    }
    const auto present = files.read(bundle_file);
    if (present.has_value() && *present == text) {
        return 0;
    }
    TRY(io::replace_file(files, bundle_file, text));
    log::info("certificates replaced", {{"bundles", std::to_string(bundles.size())}});
    return 0;
}

} // namespace holdfast::certdog
