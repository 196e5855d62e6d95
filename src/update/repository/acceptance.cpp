#include "update/repository/acceptance.hpp"

namespace holdfast::publish {

Result<tuf::TrustedMetadata> check_roots(const std::vector<std::string>& roots, tuf::Time now)
{
    TRY_ASSIGN(auto machine, tuf::TrustedMetadata::start(roots.front(), now)
                                 .while_("the root that machines were shipped with"));
    for (std::size_t index = 1; index < roots.size(); ++index) {
        TRY(machine.take_root(roots[index])
                .while_(std::format("{}.root.json", machine.root().version + 1)));
    }
    TRY(machine.finish_roots().while_("root.json"));
    return machine;
}

Result<void> check_acceptance(const Offer& offer, tuf::Time now)
{
    TRY_ASSIGN(auto machine, check_roots(offer.roots, now));
    // What was signed by keys that are gone is forgotten, as machines do.
    if (offer.before.timestamp && machine.recall_timestamp(offer.before.timestamp->text)) {
        static_cast<void>(machine.recall_snapshot(offer.before.snapshot->text).has_value());
    }
    TRY(machine.take_timestamp(offer.timestamp).while_("timestamp.json"));
    if (!machine.has_current_snapshot(offer.snapshot)) {
        TRY(machine.take_snapshot(offer.snapshot).while_("snapshot.json"));
    }
    TRY(machine.check_snapshot_fresh().while_("snapshot.json"));
    TRY(machine.check_targets("targets", machine.root().targets, machine.root().keys, offer.targets)
            .while_("targets.json"));
    return {};
}

} // namespace holdfast::publish
