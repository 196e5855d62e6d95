#include "update/slots/prepare.hpp"

#include "update/source/fetch_block_list.hpp"
#include "update/source/fill_partition.hpp"

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

/// A release whose parts cannot belong together would be found out at the very end only.
Result<void> check_shape(const Release& release)
{
    const auto blocks = release.root.length / block_bytes;
    if (release.root.length % block_bytes != 0 || blocks < 2 ||
        verity_layout(blocks).total_bytes != release.hash.length) {
        return fail(Errc::corrupt,
                    "the release does not fit together: root has {} bytes and its tree {}",
                    release.root.length, release.hash.length);
    }
    return {};
}

Result<void> check_proved(const Signpost& signpost)
{
    if (!boot::is_bootable(signpost.partitions(signpost.active()).flags)) {
        return fail(Errc::conflict,
                    "the running set has not proved itself yet, and the other one is what the "
                    "machine falls back to; try again once the boot is marked successful");
    }
    return {};
}

/// All that can be known to fail before anything is changed.
Result<void> check_possible(const Machine& machine, const Release& release)
{
    if (!machine.signpost.inactive()) {
        return fail(Errc::conflict, "this disk has no inactive set of partitions");
    }
    TRY(check_proved(machine.signpost));
    TRY(check_fits(release.boot, machine.inactive.boot));
    TRY(check_fits(release.root, machine.inactive.root));
    TRY(check_fits(release.hash, machine.inactive.hash));
    return check_shape(release);
}

/// Fills the inactive set of a machine with a release.
class SetFiller {
public:
    SetFiller(Transfer& transfer, const Machine& machine, const Release& release)
        : transfer_(transfer), machine_(machine), release_(release)
    {
    }

    /// By the block list: the tree follows from the blocks of ROOT.
    Result<void> run_by(BlockList& list)
    {
        const auto& verity = list.head.verity;
        VerityWriter tree(machine_.inactive.hash, verity);
        TRY(fill_root(list.root, verity.salt, [&](std::uint32_t block, const crypto::Sha256& hash) {
                return tree.set_leaf(block, hash);
            }).while_("bringing root"));
        TRY(fill_boot(list.boot, verity.salt).while_("bringing boot"));
        TRY(tree.finish());
        TRY(machine_.inactive.hash.flush());
        // Whole, if some other program laid the tree out otherwise.
        return fill_whole(release_.hash, machine_.inactive.hash).while_("bringing hash");
    }

    /// By the tree, which comes first and tells the blocks of ROOT.
    Result<void> run_by_tree()
    {
        TRY(fill_whole(release_.hash, machine_.inactive.hash)
                .while_("getting the hash tree of the release"));
        TRY_ASSIGN(auto tree, open_verity_tree(machine_.inactive.hash));
        if (tree.superblock.data_blocks * block_bytes != release_.root.length) {
            return fail(Errc::corrupt,
                        "the release does not fit together: a tree over {} blocks, but root has "
                        "{} bytes",
                        tree.superblock.data_blocks, release_.root.length);
        }
        TRY(fill_root(tree.leaves, tree.superblock.salt).while_("bringing root"));
        return fill_whole(release_.boot, machine_.inactive.boot).while_("bringing boot");
    }

private:
    Result<void> fill_root(BlockMap& map, std::span<const std::byte> salt,
                           Filling::Learn learn = Filling::learn_nothing)
    {
        auto local = LocalBlocks::of_root(machine_.active.root, machine_.active.hash, salt,
                                          transfer_.limits().blocks_per_window);
        return fill_partition(transfer_, {.payload = release_.root,
                                          .target = machine_.inactive.root,
                                          .map = &map,
                                          .salt = salt,
                                          .local = &local,
                                          .learn = std::move(learn)});
    }

    Result<void> fill_boot(BlockMap& map, std::span<const std::byte> salt)
    {
        auto local = LocalBlocks::of_boot(machine_.active.boot, salt,
                                          transfer_.limits().blocks_per_window);
        return fill_partition(transfer_, {.payload = release_.boot,
                                          .target = machine_.inactive.boot,
                                          .map = &map,
                                          .salt = salt,
                                          .local = &local});
    }

    Result<void> fill_whole(const Payload& payload, io::BlockDevice& target)
    {
        return fill_partition(transfer_, {.payload = payload, .target = target});
    }

    Transfer& transfer_;
    const Machine& machine_;
    const Release& release_;
};

/// Whether the update can do without the block list. A server that does not answer, or somebody who
/// cancelled, ends it here, while the inactive set is still what it was.
bool does_without(const Error& problem)
{
    const auto code = problem.code();
    return code != Errc::io && code != Errc::timeout && code != Errc::conflict;
}

} // namespace

Result<Prepared> prepare(Machine machine, const Release& release, io::HttpClient& http,
                         const Watch& watch, const Limits& limits)
{
    TRY(check_possible(machine, release));
    Transfer transfer(http, watch, limits);
    transfer.set_total(release.boot.length + release.root.length + release.hash.length);
    auto list = fetch_block_list(transfer, release, machine.inactive.hash);
    if (!list.has_value() && !does_without(list.error())) {
        return Failure{list.error()};
    }
    TRY(machine.change_flags([](Signpost& signpost) -> Result<void> {
        TRY(check_proved(signpost)); // It may have given way to the other set by now.
        return signpost.clear_inactive();
    }));
    SetFiller filler(transfer, machine, release);
    TRY(list.has_value() ? filler.run_by(*list) : filler.run_by_tree());
    TRY(machine.change_flags([](Signpost& signpost) { return signpost.mark_inactive_valid(); }));
    transfer.report();
    const bool failed = release.blocks && !list.has_value();
    return Prepared{.progress = transfer.progress(),
                    .list_problem = failed ? std::optional(list.error()) : std::nullopt};
}

Result<void> activate(Signpost& signpost)
{
    return signpost.upgrade_to_inactive();
}

Result<void> deactivate(Signpost& signpost)
{
    const auto slot = signpost.inactive();
    const auto active = signpost.partitions(signpost.active()).flags;
    // Not `signpost.next()`: in a trial that is the inactive set, to which nobody has gone back.
    if (!slot || !boot::is_bootable(signpost.partitions(*slot).flags) ||
        signpost.partitions(*slot).flags.priority <= active.priority) {
        return fail(Errc::conflict, "no other version was chosen for the next boot");
    }
    return signpost.cancel_upgrade();
}

Result<void> check_rollback(const Signpost& signpost)
{
    const auto slot = signpost.inactive();
    const auto flags = slot ? signpost.partitions(*slot).flags : boot::SlotFlags{};
    if (!flags.successful && flags.tries_left > 0) {
        return fail(Errc::conflict,
                    "{} holds an update that has not been tried yet, no version to go back to",
                    name(*slot));
    }
    if (slot && !flags.successful) {
        return fail(Errc::conflict, "{} holds no version that has worked", name(*slot));
    }
    return {};
}

Result<void> rollback(Signpost& signpost)
{
    TRY(check_rollback(signpost));
    return signpost.rollback_to_inactive();
}

} // namespace holdfast::update
