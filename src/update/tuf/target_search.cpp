#include "update/tuf/target_search.hpp"

#include "update/tuf/rules.hpp"

#include <deque>
#include <set>

namespace holdfast::tuf {

namespace {

/// A delegation still to follow, with the keys of who made it.
struct Lead {
    Delegation delegation;
    const Keys* keys;
};

/// The delegations to follow, the next one on top. Never more than roles may be asked: metadata of
/// a few megabytes can delegate a name many thousand times.
class Leads {
public:
    bool is_empty() const { return leads_.empty(); }
    /// Whether there were more than are kept.
    bool has_dropped() const { return has_dropped_; }

    Lead take()
    {
        auto lead = std::move(leads_.front());
        leads_.pop_front();
        return lead;
    }

    /// What is delegated of this name, before all that is there; a terminating delegation drops
    /// that. `asked`: roles that are not followed again. `keys` must outlive this.
    void add(const std::vector<Delegation>& delegations, const Keys& keys, std::string_view name,
             const std::set<std::string>& asked)
    {
        std::deque<Lead> found;
        for (const auto& delegation : delegations) {
            if (found.size() > most_roles_asked) {
                break;
            }
            if (!is_delegated(delegation, name)) {
                continue;
            }
            if (!asked.contains(delegation.role)) {
                // Each role once, by who is asked first.
                std::erase_if(leads_, [&](const auto& lead) {
                    return lead.delegation.role == delegation.role;
                });
                found.push_back({delegation, &keys});
            }
            if (delegation.terminating) {
                leads_.clear();
                has_dropped_ = false;
                break;
            }
        }
        leads_.insert(leads_.begin(), std::make_move_iterator(found.begin()),
                      std::make_move_iterator(found.end()));
        if (leads_.size() > most_roles_asked) {
            has_dropped_ = true;
            leads_.resize(most_roles_asked);
        }
    }

private:
    std::deque<Lead> leads_;
    bool has_dropped_ = false;
};

} // namespace

Result<Target> search_target(std::string_view name, const Targets& top, const LoadDelegation& load)
{
    if (const auto found = top.targets.find(name); found != top.targets.end()) {
        return found->second;
    }
    std::deque<Keys> keys; // Of the roles that were asked, for the leads that they gave.
    std::set<std::string> asked;
    Leads leads;
    leads.add(top.delegations, top.keys, name, asked);
    while (!leads.is_empty()) {
        if (asked.size() == most_roles_asked) {
            return fail(Errc::corrupt, "the target {}: more than {} roles to ask", name,
                        most_roles_asked);
        }
        const auto lead = leads.take();
        asked.insert(lead.delegation.role);
        TRY_ASSIGN(auto targets, load(lead.delegation, *lead.keys));
        if (const auto found = targets.targets.find(name); found != targets.targets.end()) {
            return found->second;
        }
        keys.push_back(std::move(targets.keys));
        leads.add(targets.delegations, keys.back(), name, asked);
    }
    if (leads.has_dropped()) {
        return fail(Errc::corrupt, "the target {}: more than {} roles to ask", name,
                    most_roles_asked);
    }
    return fail(Errc::not_found, "the repository has no target {}", name);
}

} // namespace holdfast::tuf
