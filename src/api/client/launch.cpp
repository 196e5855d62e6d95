#include "api/client/launch.hpp"

#include "base/log.hpp"
#include "base/text.hpp"
#include "json/json.hpp"

#include <vector>

namespace holdfast::api {

namespace {

/// The names only: values may be secrets.
void log_pending(Client& client, const std::string& transaction)
{
    const auto reply = client.request("GET", "/v2/tx?tx=" + transaction);
    auto pending = reply.has_value() ? parse_json(*reply) : Result<Json>(Failure{reply.error()});
    if (!pending.has_value()) {
        log::warning("cannot tell what is pending, committing all the same",
                     {{"problem", pending.error().message()}});
        return;
    }
    std::vector<std::string> names;
    if (pending->is_object()) {
        for (const auto& [name, metadata] : (*pending)["metadata"].items()) {
            names.push_back(name);
        }
    }
    log::info("committing", {{"transaction", transaction}, {"keys", join(names, " ")}});
}

} // namespace

Result<void> commit_pending(Client& client, const std::string& transaction)
{
    log_pending(client, transaction);
    const auto done = client.request("POST", "/tx/commit?tx=" + transaction);
    if (done.has_value()) {
        return {};
    }
    if (done.error().code() == Errc::no_changes) {
        log::info("nothing to commit");
        return {};
    }
    return Failure{done.error()};
}

} // namespace holdfast::api
