#include "services/early_boot_config/report.hpp"

namespace holdfast::early_boot_config {

namespace {

Json finding_json(const Finding& finding)
{
    Json object = {{"message", finding.message}};
    if (!finding.key.empty()) {
        object["key"] = finding.key;
    }
    if (finding.line > 0) {
        object["line"] = finding.line;
    }
    return object;
}

/// A console must not be steered by what somebody wrote into user data.
std::string printable(std::string text)
{
    for (auto& c : text) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
            c = '?';
        }
    }
    return text;
}

constexpr std::size_t most_findings = 100;

} // namespace

ProviderReport shortened(ProviderReport report)
{
    auto& findings = report.findings;
    if (findings.size() > most_findings) {
        const auto left_out = findings.size() - most_findings;
        findings.resize(most_findings);
        findings.push_back({"", 0, std::format("and {} more", left_out)});
    }
    return report;
}

Json to_json(const std::vector<ProviderReport>& reports)
{
    Json providers = Json::array();
    for (const auto& report : reports) {
        Json problems = Json::array();
        for (const auto& finding : report.findings) {
            problems.push_back(finding_json(finding));
        }
        providers.push_back({{"name", report.provider},
                             {"status", report.status},
                             {"problems", std::move(problems)}});
    }
    return {{"providers", std::move(providers)}};
}

std::vector<std::string> console_lines(const std::vector<ProviderReport>& reports)
{
    std::vector<std::string> lines;
    for (const auto& report : reports) {
        for (const auto& finding : report.findings) {
            auto line = "user data " + report.provider;
            line += finding.line > 0 ? std::format(", line {}: ", finding.line) : ": ";
            lines.push_back(printable(line + finding.message));
        }
    }
    return lines;
}

} // namespace holdfast::early_boot_config
