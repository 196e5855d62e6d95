#include "update/slots/prepare.hpp"

#include "update/source/fill_partition.hpp"
#include "update/source/release_map.hpp"

namespace holdfast::update {

namespace {

Result<void> check_fits(const Payload& payload, const io::BlockDevice& device)
{
    if (!fits(payload, device)) {
        return fail(Errc::too_large,
                    "{} has {} bytes, which do not fit into its partition of {} bytes",
                    payload.name, payload.length, device.size());
    }
    return {};
}

/// All that can be known to fail before anything is changed.
Result<void> check_possible(const Machine& machine, const Release& release)
{
    if (!machine.signpost.inactive()) {
        return fail(Errc::conflict, "this disk has no inactive set of partitions");
    }
    const auto active = machine.signpost.partitions(machine.signpost.active()).flags;
    if (!boot::is_bootable(active)) {
        return fail(Errc::conflict,
                    "the running set has not proved itself yet, and the other one is what the "
                    "machine falls back to; try again once the boot is marked successful");
    }
    TRY(check_fits(release.boot, machine.inactive.boot));
    TRY(check_fits(release.root, machine.inactive.root));
    return check_fits(release.hash, machine.inactive.hash);
}

/// Fills the inactive set.
class SetFiller {
public:
    SetFiller(Transfer& transfer, const Machine& machine, const Release& release, ReleaseMap map)
        : transfer_(transfer), machine_(machine), release_(release), map_(std::move(map)),
          tree_(map_.verity)
    {
    }

    Result<void> run()
    {
        TRY(fill_root().while_("bringing root"));
        TRY(fill_boot().while_("bringing boot"));
        return fill_hash().while_("bringing hash");
    }

private:
    Result<void> fill_root()
    {
        LocalBlocks local{.device = machine_.active.root};
        TRY_ASSIGN(local.index,
                   index_root(machine_.active.root, machine_.active.hash, map_.verity.salt));
        return fill_partition(transfer_,
                              {.payload = release_.root,
                               .target = machine_.inactive.root,
                               .map = &map_.root,
                               .salt = map_.verity.salt,
                               .local = &local,
                               .learn = [this](std::uint32_t block, const crypto::Sha256& hash) {
                                   tree_.set_leaf(block, hash);
                               }});
    }

    Result<void> fill_boot()
    {
        Filling filling{.payload = release_.boot, .target = machine_.inactive.boot};
        if (!map_.boot) {
            return fill_partition(transfer_, filling);
        }
        LocalBlocks local{.device = machine_.active.boot};
        TRY_ASSIGN(local.index, index_boot(machine_.active.boot, map_.verity.salt));
        filling.map = &*map_.boot;
        filling.salt = map_.verity.salt;
        filling.local = &local;
        return fill_partition(transfer_, filling);
    }

    Result<void> fill_hash()
    {
        const Filling filling{.payload = release_.hash, .target = machine_.inactive.hash};
        const auto image = map_.hash_image.empty() ? tree_.finish() : std::move(map_.hash_image);
        crypto::Sha256Stream hash;
        hash.update(image);
        if (hash.finish() == release_.hash.sha256) {
            return fill_partition_with(transfer_, filling, image);
        }
        // A tree that some other program laid out otherwise is still a good one.
        return fill_partition(transfer_, filling);
    }

    Transfer& transfer_;
    const Machine& machine_;
    const Release& release_;
    ReleaseMap map_;
    VerityBuilder tree_;
};

} // namespace

Result<Prepared> prepare(Machine machine, const Release& release, io::HttpClient& http,
                         const Watch& watch, const Limits& limits)
{
    TRY(check_possible(machine, release));
    Transfer transfer(http, watch, limits);
    transfer.set_total(release.boot.length + release.root.length + release.hash.length);
    TRY_ASSIGN(auto map, load_release_map(transfer, release, machine.inactive.hash));
    auto list_problem = map.list_problem;
    TRY(machine.signpost.clear_inactive());
    TRY(SetFiller(transfer, machine, release, std::move(map)).run());
    TRY(machine.signpost.mark_inactive_valid());
    transfer.report();
    return Prepared{.progress = transfer.progress(), .list_problem = std::move(list_problem)};
}

Result<void> activate(Signpost& signpost)
{
    return signpost.upgrade_to_inactive();
}

Result<void> deactivate(Signpost& signpost)
{
    const auto slot = signpost.inactive();
    if (!slot || signpost.partitions(*slot).flags.priority == 0) {
        return fail(Errc::conflict, "no update is activated");
    }
    return signpost.cancel_upgrade();
}

Result<void> rollback(Signpost& signpost)
{
    return signpost.rollback_to_inactive();
}

} // namespace holdfast::update
