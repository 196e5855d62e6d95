#pragma once

#include "api/client/launch.hpp"
#include "io/files.hpp"
#include "services/early_boot_config/providers.hpp"
#include "services/early_boot_config/report.hpp"
#include "settings/model.hpp"

#include <filesystem>
#include <map>
#include <vector>

namespace holdfast::early_boot_config {

/// Reads one provider's user data key by key: what the model takes, and what is wrong with the
/// rest. Never fails: one bad key, or one bad document, costs only itself.
struct Reading {
    settings::Values values;
    std::map<std::string, int> lines; ///< As user_data::UserData has them.
    ProviderReport report;
};
Reading read_provider(const Provider& provider, const settings::Model& model, io::Files& files);

/// First boot: hands all user data to the API, commits it, tells of problems at the console, in the
/// log and through the API, and then leaves the marker that makes later boots skip all this. In
/// this order: wherever power goes, user data is applied at least once, and never lost.
///
/// Bad content is no error, nor is a report that the API does not take. Errors: the API cannot be
/// reached or cannot store the settings; then no marker is left and the next boot tries again.
Result<void> configure(const std::vector<Provider>& providers, const settings::Model& model,
                       api::Client& client, io::Files& files, const std::filesystem::path& marker);

} // namespace holdfast::early_boot_config
