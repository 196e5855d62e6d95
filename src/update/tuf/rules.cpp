#include "update/tuf/rules.hpp"

#include "base/utc_time.hpp"
#include "crypto/digest.hpp"

#include <algorithm>

namespace holdfast::tuf {

Result<void> check_fresh(const Head& head, Time now)
{
    if (now >= head.expires) {
        return fail(Errc::corrupt,
                    "expired at {}, and it is {}: nobody renewed it, or this clock is wrong",
                    utc_text(head.expires), utc_text(now));
    }
    return {};
}

Result<void> check_bytes(const MetaFile& expected, std::string_view bytes)
{
    if (expected.length && *expected.length != bytes.size()) {
        return fail(Errc::corrupt, "it has {} bytes instead of {}", bytes.size(), *expected.length);
    }
    bool is_known = expected.hashes.empty();
    for (const auto& [name, digest] : expected.hashes) {
        const auto algorithm = crypto::digest_algorithm(name);
        if (algorithm && crypto::digest_hex(*algorithm, bytes) != digest) {
            return fail(Errc::corrupt, "its {} is not what was announced", name);
        }
        is_known = is_known || algorithm.has_value();
    }
    if (!is_known) {
        return fail(Errc::corrupt, "it is announced with no hash that we know");
    }
    return {};
}

Result<void> check_no_rollback(const Snapshot& old_one, const Snapshot& new_one)
{
    for (const auto& [name, file] : old_one.meta) {
        const auto found = new_one.meta.find(name);
        if (found == new_one.meta.end()) {
            return fail(Errc::corrupt, "{} is gone", name);
        }
        if (found->second.version < file.version) {
            return fail(Errc::corrupt, "{} goes back from version {} to {}", name, file.version,
                        found->second.version);
        }
    }
    return {};
}

bool has_lost_key(const Signers& before, const Signers& after)
{
    return std::ranges::any_of(
        before.key_ids, [&](const auto& id) { return !std::ranges::contains(after.key_ids, id); });
}

bool has_lost_online_key(const Root& before, const Root& after)
{
    return has_lost_key(before.timestamp, after.timestamp) ||
           has_lost_key(before.snapshot, after.snapshot);
}

bool matches_pattern(std::string_view pattern, std::string_view name)
{
    std::size_t at_pattern = 0;
    std::size_t at_name = 0;
    // Where to go on when what followed the last `*` does not fit: the star takes one more.
    std::size_t after_star = std::string_view::npos;
    std::size_t taken_by_star = 0;
    while (at_name < name.size()) {
        const char wanted = at_pattern < pattern.size() ? pattern[at_pattern] : '\0';
        if (wanted == '*') {
            after_star = ++at_pattern;
            taken_by_star = at_name;
        } else if (at_pattern < pattern.size() &&
                   (wanted == name[at_name] || (wanted == '?' && name[at_name] != '/'))) {
            ++at_pattern;
            ++at_name;
        } else if (after_star != std::string_view::npos && name[taken_by_star] != '/') {
            at_pattern = after_star;
            at_name = ++taken_by_star;
        } else {
            return false;
        }
    }
    return pattern.find_first_not_of('*', at_pattern) == std::string_view::npos;
}

bool is_delegated(const Delegation& delegation, std::string_view name)
{
    const auto hash = crypto::digest_hex(crypto::DigestAlgorithm::sha256, name);
    return std::ranges::any_of(delegation.paths,
                               [&](const auto& path) { return matches_pattern(path, name); }) ||
           std::ranges::any_of(delegation.hash_prefixes,
                               [&](const auto& prefix) { return hash.starts_with(prefix); });
}

} // namespace holdfast::tuf
