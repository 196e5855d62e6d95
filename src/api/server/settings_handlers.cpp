#include "api/server/handlers.hpp"

#include "api/server/os_release.hpp"

namespace holdfast::api {

namespace {

template <typename Chosen>
store::Values chosen_values(const store::Store& store, Chosen chosen)
{
    store::Values values;
    for (const auto& [key, stored] : store.live()) {
        if (chosen(key)) {
            values.emplace_hint(values.end(), key, stored.value);
        }
    }
    return values;
}

store::Values values_by_prefix(const store::Store& store, std::string_view prefix)
{
    return chosen_values(store, [&](std::string_view key) { return key.starts_with(prefix); });
}

store::Values values_by_keys(const store::Store& store, const std::vector<store::Key>& keys)
{
    store::Values values;
    for (const auto& key : keys) {
        const auto found = store.live().find(key.str());
        if (found != store.live().end()) {
            values.emplace(found->first, found->second.value);
        }
    }
    return values;
}

/// The values that `keys` or `prefix` choose; nothing where neither is given.
Result<std::optional<store::Values>> requested_values(const Context& context,
                                                      const Request& request)
{
    TRY_ASSIGN(const auto keys, requested_keys(request));
    if (keys.has_value()) {
        return values_by_keys(context.store, *keys);
    }
    TRY_ASSIGN(const auto prefix, requested_prefix(request));
    if (prefix.has_value()) {
        return values_by_prefix(context.store, within_resource(*prefix, "settings"));
    }
    return std::nullopt;
}

Result<store::Values> all_values(const Context& context)
{
    auto values = context.store.live_values();
    if (values.empty()) {
        return fail(Errc::not_found, "Found no 'settings' in datastore");
    }
    return values;
}

Result<Response> get_settings(Context& context, const Request& request)
{
    TRY_ASSIGN(auto values, requested_values(context, request));
    if (!values.has_value()) {
        TRY_ASSIGN(values, all_values(context));
    }
    return json_response(readable_settings(context, request, *std::move(values)));
}

/// The fields of the /os object whose name starts with what follows "os.".
Json os_by_prefix(const Json& os, const std::string& prefix)
{
    Json chosen = Json::object();
    for (const auto& [field, value] : os.items()) {
        if (("os." + field).starts_with(prefix)) {
            chosen[field] = value;
        }
    }
    return chosen;
}

Result<Response> get_os(Context& context, const Request& request)
{
    TRY_ASSIGN(const auto prefix, requested_prefix(request));
    TRY_ASSIGN(const auto os, read_os_object(context.files, context.os_release));
    return json_response(os_by_prefix(os, within_resource(prefix.value_or("os"), "os")));
}

Result<Response> get_whole_model(Context& context, const Request& request)
{
    TRY_ASSIGN(auto values, all_values(context));
    TRY_ASSIGN(auto os, read_os_object(context.files, context.os_release));
    return json_response({{"settings", readable_settings(context, request, std::move(values))},
                          {"os", std::move(os)},
                          {"services", services_object(context.model, "services")},
                          {"configuration-files",
                           configuration_files_object(context.model, "configuration-files")}});
}

Result<Response> get_model(Context& context, const Request& request)
{
    TRY_ASSIGN(const auto prefix, requested_prefix(request));
    if (!prefix.has_value()) {
        return get_whole_model(context, request);
    }
    // Parts without a match are left out, as in the reference.
    Json model = Json::object();
    const auto keep = [&model](const char* name, Json part) {
        if (!part.empty()) {
            model[name] = std::move(part);
        }
    };
    keep("settings",
         readable_settings(context, request, values_by_prefix(context.store, *prefix)));
    TRY_ASSIGN(const auto os, read_os_object(context.files, context.os_release));
    keep("os", os_by_prefix(os, *prefix));
    keep("services", services_object(context.model, *prefix));
    keep("configuration-files", configuration_files_object(context.model, *prefix));
    return json_response(model);
}

struct Change {
    store::Author author;
    store::Strength strength = store::Strength::strong;
};

/// Strength and author of a PATCH. Only the machine's own services may write as another source.
Result<Change> requested_change(const Request& request)
{
    Change change{{store::Source::api, request.caller.name()}};
    if (const auto* strength = request.target.find("strength")) {
        TRY_ASSIGN(change.strength, store::parse_strength(*strength));
    }
    const auto* source = request.target.find("source");
    if (source == nullptr) {
        return change;
    }
    TRY_ASSIGN(change.author.source, store::parse_source(*source));
    if (!request.caller.is_own_service() || change.author.source == store::Source::defaults) {
        return fail(Errc::invalid, "This caller cannot write as source '{}'", *source);
    }
    if (const auto* who = request.target.find("who")) {
        change.author.who = *who;
    }
    return change;
}

Result<Response> patch_settings(Context& context, const Request& request)
{
    TRY_ASSIGN(const auto change, requested_change(request));
    TRY_ASSIGN(const auto body, json_body(request));
    TRY_ASSIGN(const auto values, context.model.flatten(body));
    TRY(context.store.patch(transaction_name(request), values, change.author, change.strength));
    return empty_response();
}

Result<store::Values> values_of_pairs(const settings::Model& model, const Json& pairs)
{
    store::Values values;
    for (const auto& pair : pairs) {
        if (!pair.is_string()) {
            return fail(Errc::invalid, "request_payload must be an array of strings");
        }
        const auto& text = pair.get_ref<const std::string&>();
        if (!text.contains('=')) {
            return fail(Errc::invalid, "Failed to split the string: {}", text);
        }
        auto flat = model.flatten_pair(text);
        if (!flat.has_value()) {
            return fail(Errc::invalid,
                        "Unable to match your input to the data model.  We may not have enough "
                        "type information.  Please try the --json input form.  Cause: {}",
                        flat.error().message());
        }
        flat->merge(values);
        values = *std::move(flat);
    }
    return values;
}

Result<Response> patch_pairs(Context& context, const Request& request)
{
    TRY_ASSIGN(const auto change, requested_change(request));
    TRY_ASSIGN(const auto body, json_body(request));
    if (!body.is_object() || !body.contains("request_payload") ||
        !body["request_payload"].is_array()) {
        return fail(Errc::invalid, "Expected {{\"request_payload\": [\"key=value\", …]}}");
    }
    TRY_ASSIGN(const auto values, values_of_pairs(context.model, body["request_payload"]));
    TRY(context.store.patch(transaction_name(request), values, change.author, change.strength));
    return empty_response();
}

Json provenance_of(const store::Stored& stored)
{
    const auto& provenance = stored.provenance;
    auto value = parse_json(stored.value);
    return {{"value", value.has_value() ? *std::move(value) : Json(stored.value)},
            {"source", store::name(provenance.source)},
            {"who", provenance.who},
            {"when", std::format("{:%FT%TZ}", provenance.when)},
            {"strength", store::name(provenance.strength)}};
}

/// Per key, what counts, and below "covers" the values of the weaker sources.
Result<Response> get_provenance(Context& context, const Request& request)
{
    TRY_ASSIGN(auto values, requested_values(context, request));
    if (!values.has_value()) {
        values = context.store.live_values();
    }
    Json answer = Json::object();
    for (const auto& [key, value] : *values) {
        TRY_ASSIGN(const auto layers, context.store.layers(key));
        Json covered = Json::array();
        for (const auto& layer : layers) {
            covered.push_back(provenance_of(layer));
        }
        if (!may_read(context, request, key)) {
            for (auto& layer : covered) {
                layer.erase("value");
            }
        }
        answer[key] = covered[0];
        covered.erase(0);
        answer[key]["covers"] = std::move(covered);
    }
    return json_response(answer);
}

} // namespace

void add_settings_handlers(Router& router, Context& context)
{
    const auto add = [&](const char* method, const char* path, auto handler) {
        router.add(method, path, [&context, handler](const Request& request) {
            return handler(context, request);
        });
    };
    add("GET", "/", get_model);
    add("GET", "/os", get_os);
    add("GET", "/settings", get_settings);
    add("PATCH", "/settings", patch_settings);
    add("PATCH", "/settings/keypair", patch_pairs);
    add("GET", "/settings/provenance", get_provenance);
    add("GET", "/settings/schema", [](Context& where, const Request&) -> Result<Response> {
        return json_response(where.model.schema());
    });
}

} // namespace holdfast::api
