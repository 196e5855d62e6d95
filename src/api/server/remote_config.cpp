#include "api/server/remote_config.hpp"

#include "json/json.hpp"

namespace holdfast::api {

namespace {

Result<std::string> pem_member(const Json& document, const char* name)
{
    const auto member = document.find(name);
    if (member == document.end() || !member->is_string() ||
        !member->get_ref<const std::string&>().contains("-----BEGIN ")) {
        return fail(Errc::invalid, "{} must be PEM text", name);
    }
    return member->get<std::string>();
}

} // namespace

Result<std::optional<RemoteAddress>> parse_remote_config(std::string_view text)
{
    TRY_ASSIGN(const auto document, parse_json(text));
    if (!document.is_object() || !document.contains("enabled") ||
        !document["enabled"].is_boolean()) {
        return fail(Errc::invalid, "enabled must be true or false");
    }
    if (!document["enabled"].get<bool>()) {
        return std::nullopt;
    }
    RemoteAddress address;
    const auto port = document.find("port");
    if (port == document.end() || !port->is_number_unsigned() ||
        port->get<std::uint64_t>() > 65535) {
        return fail(Errc::invalid, "port must be a number up to 65535");
    }
    address.port = port->get<std::uint16_t>();
    TRY_ASSIGN(address.client_ca, pem_member(document, "client-ca"));
    TRY_ASSIGN(address.server_certificate, pem_member(document, "server-certificate"));
    TRY_ASSIGN(address.server_key, pem_member(document, "server-key"));
    return address;
}

} // namespace holdfast::api
