#include "update/repository/expiration.hpp"

#include "toml/toml.hpp"
#include "update/manifest/waves.hpp"

namespace holdfast::publish {

Result<ExpirationPolicy> parse_expiration_policy(std::string_view toml)
{
    TRY_ASSIGN(const auto table, parse_toml(toml));
    ExpirationPolicy policy;
    const std::map<std::string, std::chrono::seconds*> members{
        {"root_expiration", &policy.root},
        {"targets_expiration", &policy.targets},
        {"snapshot_expiration", &policy.snapshot},
        {"timestamp_expiration", &policy.timestamp}};
    for (const auto& [key, value] : table.items()) {
        const auto member = members.find(key);
        if (member == members.end() || !value.is_string()) {
            return fail(Errc::invalid,
                        "\"{}\" is no expiration, such as targets_expiration = "
                        "\"2 weeks\"",
                        key);
        }
        TRY_ASSIGN(*member->second,
                   update::parse_offset(value.get_ref<const std::string&>()).while_(key));
    }
    return policy;
}

} // namespace holdfast::publish
