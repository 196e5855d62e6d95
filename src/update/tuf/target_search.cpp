#include "update/tuf/target_search.hpp"

#include "update/tuf/rules.hpp"

#include <set>

namespace holdfast::tuf {

namespace {

/// A delegation still to follow, with the keys of who made it.
struct Lead {
    Delegation delegation;
    Keys keys;
};

/// What `targets` delegates of this name, the first on top of the stack. A terminating one drops
/// all that was there before.
void push_leads(const Targets& targets, std::string_view name, std::vector<Lead>& stack)
{
    std::vector<Lead> leads;
    for (const auto& delegation : targets.delegations) {
        if (!is_delegated(delegation, name)) {
            continue;
        }
        leads.push_back({delegation, targets.keys});
        if (delegation.terminating) {
            stack.clear();
            break;
        }
    }
    stack.insert(stack.end(), std::make_move_iterator(leads.rbegin()),
                 std::make_move_iterator(leads.rend()));
}

} // namespace

Result<Target> search_target(std::string_view name, const Targets& top, const LoadDelegation& load)
{
    if (const auto found = top.targets.find(name); found != top.targets.end()) {
        return found->second;
    }
    std::vector<Lead> stack;
    std::set<std::string> asked;
    push_leads(top, name, stack);
    while (!stack.empty()) {
        const auto lead = std::move(stack.back());
        stack.pop_back();
        if (!asked.insert(lead.delegation.role).second) {
            continue;
        }
        if (asked.size() > most_roles_asked) {
            return fail(Errc::corrupt, "the target {}: more than {} roles to ask", name,
                        most_roles_asked);
        }
        TRY_ASSIGN(const auto targets, load(lead.delegation, lead.keys));
        if (const auto found = targets.targets.find(name); found != targets.targets.end()) {
            return found->second;
        }
        push_leads(targets, name, stack);
    }
    return fail(Errc::not_found, "the repository has no target {}", name);
}

} // namespace holdfast::tuf
