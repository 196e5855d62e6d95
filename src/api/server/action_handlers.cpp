#include "api/server/handlers.hpp"

#include "store/migration/notes.hpp"

namespace holdfast::api {

namespace {

constexpr std::string_view user_data_note = "report/user-data";

Result<Response> reboot(Context& context, const Request&)
{
    const auto done = io::run_checked(
        context.processes, {.arguments = {"/usr/bin/systemctl", "reboot", "--check-inhibitors=yes"},
                            .input = {},
                            .environment = {}});
    if (!done.has_value()) {
        return fail(Errc::internal, "Failed to reboot: {}", done.error().message());
    }
    return empty_response();
}

Result<Response> get_apply_status(Context& context, const Request&)
{
    return json_response(context.applier.status());
}

Result<void> require_own_service(const Request& request)
{
    if (!request.caller.is_own_service()) {
        return fail(Errc::invalid, "Only the machine's own services report here");
    }
    return {};
}

Result<Response> post_apply_status(Context& context, const Request& request)
{
    TRY(require_own_service(request));
    TRY_ASSIGN(auto body, json_body(request));
    if (!body.is_object()) {
        return fail(Errc::invalid, "Expected an object");
    }
    context.applier.record(std::move(body));
    return empty_response();
}

Result<Response> get_user_data_report(Context& context, const Request&)
{
    TRY_ASSIGN(const auto text, context.store.note(user_data_note));
    return Response{200, "application/json", text.empty() ? R"({"providers":[]})" : text};
}

Result<Response> post_user_data_report(Context& context, const Request& request)
{
    TRY(require_own_service(request));
    TRY_ASSIGN(const auto body, json_body(request));
    TRY(context.store.set_note(user_data_note, to_text(body)));
    return empty_response();
}

/// Settings that count for nothing at this version, after an update or on the way back from one.
Result<Response> get_refused_settings(Context& context, const Request&)
{
    TRY_ASSIGN(const auto text, context.store.note(store::aside_note));
    TRY_ASSIGN(const auto aside, store::parse_aside(text));
    Json settings = Json::array();
    for (const auto& [place, refused] : aside) {
        const auto& provenance = refused.stored.provenance;
        settings.push_back({{"key", place.first},
                            {"source", store::name(place.second)},
                            {"who", provenance.who},
                            {"when", std::format("{:%FT%TZ}", provenance.when)},
                            {"problem", refused.why}});
    }
    return json_response({{"settings", std::move(settings)}});
}

} // namespace

void add_action_handlers(Router& router, Context& context)
{
    const auto add = [&](const char* method, const char* path, auto handler) {
        router.add(method, path, [&context, handler](const Request& request) {
            return handler(context, request);
        });
    };
    add("POST", "/actions/reboot", reboot);
    add("GET", "/apply/status", get_apply_status);
    add("POST", "/apply/status", post_apply_status);
    add("GET", "/reports/user-data", get_user_data_report);
    add("GET", "/reports/refused-settings", get_refused_settings);
    add("POST", "/reports/user-data", post_user_data_report);
}

} // namespace holdfast::api
