#pragma once

#include "api/server/applier.hpp"
#include "api/server/router.hpp"
#include "io/files.hpp"
#include "io/processes.hpp"
#include "io/random.hpp"
#include "settings/model.hpp"
#include "store/store.hpp"

namespace holdfast::api {

/// What the handlers work on. All of it must outlive the router.
struct Context {
    store::Store& store;
    const settings::Model& model;
    Applier& applier;
    io::Files& files;
    io::Processes& processes;
    io::Random& random;
    std::filesystem::path os_release = "/etc/os-release";
};

/// /, /os, /settings…: api.md §2–§5, and ours: /settings/provenance, /settings/schema.
void add_settings_handlers(Router& router, Context& context);
/// /tx…, /v2/tx, and ours: /actions/unset, /settings/changes.
void add_transaction_handlers(Router& router, Context& context);
/// /services, /configuration-files, /metadata/….
void add_model_handlers(Router& router, Context& context);
/// /actions/reboot, and ours: /apply/status, /reports/user-data, /reports/refused-settings.
void add_action_handlers(Router& router, Context& context);

// Shared by the handlers.

Response json_response(const Json& value);
/// 204.
Response empty_response();
/// The body as JSON. `invalid` unless the content type is application/json.
Result<Json> json_body(const Request& request);
/// The parameter `tx`, or "default".
std::string transaction_name(const Request& request);
/// The comma-separated full names of `keys`; nothing where the parameter is absent.
Result<std::optional<std::vector<store::Key>>> requested_keys(const Request& request);
/// The parameter `prefix`, checked; nothing where it is absent.
Result<std::optional<std::string>> requested_prefix(const Request& request);
/// "motd" → "settings.motd" for the resource "settings".
std::string within_resource(const std::string& prefix, std::string_view resource);

/// Whether the caller may read the value of `key`: keys and passwords are only for the machine's own
/// services, which render them. Others may set them, and see who did.
bool may_read(const Context& context, const Request& request, std::string_view key);
/// The settings object of those `values` that the caller may read.
Json readable_settings(const Context& context, const Request& request, store::Values values);

/// The /services and /configuration-files objects, filtered by a prefix of "services.NAME".
Json services_object(const settings::Model& model, const std::string& prefix);
Json configuration_files_object(const settings::Model& model, const std::string& prefix);

} // namespace holdfast::api
