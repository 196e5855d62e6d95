#include "api/server/handlers.hpp"

namespace holdfast::api {

namespace {

constexpr std::int64_t most_changes_told = 1000;

store::Values values_of(const std::map<std::string, store::Stored>& pending)
{
    store::Values values;
    for (const auto& [key, stored] : pending) {
        values.emplace_hint(values.end(), key, stored.value);
    }
    return values;
}

Result<Response> list_transactions(Context& context, const Request&)
{
    TRY_ASSIGN(const auto names, context.store.transactions());
    return json_response(names);
}

Result<Response> get_transaction(Context& context, const Request& request)
{
    TRY_ASSIGN(const auto pending, context.store.pending(transaction_name(request)));
    return json_response(readable_settings(context, request, values_of(pending)));
}

Result<Response> get_transaction_v2(Context& context, const Request& request)
{
    TRY_ASSIGN(const auto pending, context.store.pending(transaction_name(request)));
    Json metadata = Json::object();
    for (const auto& [key, stored] : pending) {
        // The raw stored JSON text, quotes and all: clients of the reference parse it again.
        metadata[key] = {{"strength", std::format("\"{}\"", name(stored.provenance.strength))}};
    }
    return json_response({{"settings", readable_settings(context, request, values_of(pending))},
                          {"metadata", std::move(metadata)}});
}

Result<Response> delete_transaction(Context& context, const Request& request)
{
    TRY_ASSIGN(const auto keys, context.store.discard(transaction_name(request)));
    return json_response(keys);
}

/// Nobody may set through the API what does not fit together. User data may hold it all the same: a
/// boot takes what it can, and tells of the rest when it is applied.
Result<void> check_fit(const settings::Model& model, const store::Proposal& proposal)
{
    const auto misfits = model.misfits(proposal.live, proposal.api_keys);
    if (!misfits.empty()) {
        return fail(Errc::invalid, "{}", settings::summary(misfits));
    }
    return {};
}

/// The applier hears of the keys before they are live: a server that is killed in between must make
/// up for the run, too.
Result<std::vector<std::string>> commit_and_start(Context& context, std::string_view transaction)
{
    auto keys = context.store.commit(transaction,
                                     [&context](const store::Proposal& proposal) -> Result<void> {
                                         TRY(check_fit(context.model, proposal));
                                         context.applier.announce(proposal.keys);
                                         return {};
                                     });
    if (!keys.has_value()) {
        context.applier.withdraw();
        return keys;
    }
    context.applier.start(*keys);
    return keys;
}

Result<Response> commit(Context& context, const Request& request)
{
    const auto approve = [&context](const store::Proposal& proposal) {
        return check_fit(context.model, proposal);
    };
    TRY_ASSIGN(const auto keys, context.store.commit(transaction_name(request), approve));
    return json_response(keys);
}

Result<Response> commit_and_apply(Context& context, const Request& request)
{
    TRY_ASSIGN(const auto keys, commit_and_start(context, transaction_name(request)));
    return json_response(keys);
}

Result<Response> apply(Context& context, const Request& request)
{
    TRY_ASSIGN(const auto keys, requested_keys(request));
    if (!keys.has_value()) {
        context.applier.start(std::nullopt);
        return empty_response();
    }
    std::vector<std::string> names;
    for (const auto& key : *keys) {
        names.push_back(key.str());
    }
    context.applier.start(std::move(names));
    return empty_response();
}

Result<std::vector<store::Key>> keys_to_unset(const Json& body)
{
    if (!body.is_object() || !body.contains("keys") || !body["keys"].is_array() ||
        body["keys"].empty()) {
        return fail(Errc::invalid, "Expected {{\"keys\": [\"settings.…\", …]}}");
    }
    std::vector<store::Key> keys;
    for (const auto& item : body["keys"]) {
        TRY_ASSIGN(auto key, store::Key::parse(item.is_string() ? item.get<std::string>() : ""));
        keys.push_back(std::move(key));
    }
    return keys;
}

Result<Response> unset(Context& context, const Request& request)
{
    TRY_ASSIGN(const auto body, json_body(request));
    TRY_ASSIGN(const auto keys, keys_to_unset(body));
    const auto transaction = "unset-" + io::random_alphanumerics(context.random, 16);
    TRY(context.store.unset(transaction, keys, {store::Source::api, request.caller.name()}));
    const auto changed = commit_and_start(context, transaction);
    if (!changed.has_value()) {
        TRY(context.store.discard(transaction)); // Nobody knows its name.
        return Failure{changed.error()};
    }
    return json_response(*changed);
}

Result<Response> get_changes(Context& context, const Request&)
{
    TRY_ASSIGN(const auto changes, context.store.changes(most_changes_told));
    Json answer = Json::array();
    for (const auto& change : changes) {
        answer.push_back(
            {{"when", std::format("{:%FT%TZ}", change.when)},
             {"transaction", change.transaction},
             {"key", change.key},
             {"source", store::name(change.source)},
             {"who", change.who},
             {"action", change.action == store::Change::Action::set ? "set" : "unset"}});
    }
    return json_response(answer);
}

} // namespace

void add_transaction_handlers(Router& router, Context& context)
{
    const auto add = [&](const char* method, const char* path, auto handler) {
        router.add(method, path, [&context, handler](const Request& request) {
            return handler(context, request);
        });
    };
    add("GET", "/tx/list", list_transactions);
    add("GET", "/tx", get_transaction);
    add("GET", "/v2/tx", get_transaction_v2);
    add("DELETE", "/tx", delete_transaction);
    add("POST", "/tx/commit", commit);
    add("POST", "/tx/apply", apply);
    add("POST", "/tx/commit_and_apply", commit_and_apply);
    add("POST", "/actions/unset", unset);
    add("GET", "/settings/changes", get_changes);
}

} // namespace holdfast::api
