#pragma once

#include "settings/model.hpp"
#include "json/json.hpp"

#include <string>
#include <vector>

namespace holdfast::early_boot_config {

/// Why a key of user data, or a whole document, was refused.
struct Finding {
    std::string key; ///< Empty for the whole document.
    int line = 0;    ///< From 1; 0 where no line is to blame.
    std::string message;
};

/// What became of one provider's user data.
struct ProviderReport {
    std::string provider;
    std::string status; ///< absent, empty, applied, partly-applied, refused.
    std::vector<Finding> findings;
};

/// With the first hundred findings, and how many more there are: a document of another system may
/// have a hundred thousand, and neither a person nor the API takes that many.
ProviderReport shortened(ProviderReport report);

/// What GET /reports/user-data shows.
Json to_json(const std::vector<ProviderReport>& reports);

/// One line per finding, for people at the console:
/// "user data 30-cd-rom, line 3: settings.motdd: unknown setting (did you mean motd?)".
std::vector<std::string> console_lines(const std::vector<ProviderReport>& reports);

} // namespace holdfast::early_boot_config
