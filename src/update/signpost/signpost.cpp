#include "update/signpost/signpost.hpp"

namespace holdfast::update {

using boot::SlotFlags;

namespace {

/// Whether a set may be rolled back to. Unlike `boot::is_bootable` a success alone is enough: the
/// priority, which may be 0 by an older version's `cancel-upgrade`, is about to be given.
bool has_worked_or_may_try(SlotFlags flags)
{
    return flags.successful || (flags.priority > 0 && flags.tries_left > 0);
}

} // namespace

std::string_view name(SlotName slot)
{
    return slot == SlotName::a ? "Set A" : "Set B";
}

Signpost::Signpost(io::BlockDevice& disk)
    : disk_(std::make_unique<boot::BlockDeviceDisk>(disk)),
      table_(std::make_unique<boot::PartitionTable>())
{
}

Result<Signpost> Signpost::open(io::BlockDevice& disk, std::uint32_t root_partition)
{
    Signpost signpost(disk);
    TRY(signpost.read().while_("reading the partition table"));
    TRY(signpost.find_slots(root_partition));
    return signpost;
}

Result<void> Signpost::read()
{
    const auto state = boot::load_table(*disk_, *table_);
    if (!state.has_value()) {
        return disk_->explain(state.error());
    }
    needs_writing_ = state->needs_repair();
    return {};
}

Result<void> Signpost::find_slots(std::uint32_t root_partition)
{
    std::optional<SlotName> active;
    for (const auto slot : {SlotName::a, SlotName::b}) {
        const auto n = static_cast<unsigned>(index(slot));
        const auto boot = table_->find(boot::boot_partition_type, n);
        const auto root = table_->find(boot::root_partition_type, n);
        const auto hash = table_->find(boot::hash_partition_type, n);
        if (!boot || !root || !hash) {
            continue;
        }
        slots_[index(slot)] =
            SlotPartitions{.boot = *boot + 1,
                           .root = *root + 1,
                           .hash = *hash + 1,
                           .flags = boot::slot_flags(table_->partition(*boot).attributes)};
        // Which of the two lower devices of verity /sys lists first is chance.
        if (root_partition == *root + 1 || root_partition == *hash + 1) {
            active = slot;
        }
    }
    if (!active) {
        return fail(Errc::not_found, "partition {} belongs to no set of boot partitions",
                    root_partition);
    }
    active_ = *active;
    return {};
}

std::optional<SlotName> Signpost::inactive() const
{
    const auto other = active_ == SlotName::a ? SlotName::b : SlotName::a;
    return has(other) ? std::optional(other) : std::nullopt;
}

std::optional<SlotName> Signpost::next() const
{
    std::array<SlotFlags, boot::max_slots> flags{};
    for (std::size_t i = 0; i < flags.size(); ++i) {
        flags[i] = slots_[i] ? slots_[i]->flags : SlotFlags{};
    }
    const auto chosen = boot::choose_slot(flags);
    if (!chosen) {
        return std::nullopt;
    }
    return *chosen == 0 ? SlotName::a : SlotName::b;
}

bool Signpost::has_boot_ever_succeeded() const
{
    const auto partition = table_->find(boot::private_partition_type, 0);
    return partition &&
           (table_->partition(*partition).attributes & boot::ever_succeeded_attribute) != 0;
}

Result<SlotName> Signpost::require_inactive() const
{
    const auto slot = inactive();
    if (!slot) {
        return fail(Errc::conflict, "this disk has no inactive set of partitions");
    }
    return *slot;
}

void Signpost::set_flags(SlotName slot, SlotFlags flags)
{
    auto& partitions = *slots_[index(slot)];
    const auto entry = partitions.boot - 1;
    const auto before = table_->partition(entry).attributes;
    const auto after = boot::with_slot_flags(before, flags);
    table_->set_attributes(entry, after);
    partitions.flags = flags;
    needs_writing_ = needs_writing_ || before != after;
}

void Signpost::set_priorities(SlotName lower, SlotName higher)
{
    auto low = partitions(lower).flags;
    auto high = partitions(higher).flags;
    low.priority = 1;
    high.priority = 2;
    set_flags(lower, low);
    set_flags(higher, high);
}

Result<void> Signpost::store()
{
    return needs_writing_ ? rewrite_table() : Result<void>();
}

Result<void> Signpost::rewrite_table()
{
    const auto written = boot::write_table(*disk_, *table_);
    if (!written.has_value()) {
        return Result<void>(disk_->explain(written.error()))
            .while_("writing the partition table");
    }
    needs_writing_ = false;
    return {};
}

bool Signpost::is_marked_successful() const
{
    return !needs_writing_ && has_boot_ever_succeeded() && partitions(active_).flags.successful;
}

Result<void> Signpost::mark_successful_boot()
{
    const auto private_partition = table_->find(boot::private_partition_type, 0);
    if (!private_partition) {
        return fail(Errc::not_found, "this disk has no PRIVATE partition");
    }
    const auto before = table_->partition(*private_partition).attributes;
    const auto after = before | boot::ever_succeeded_attribute;
    table_->set_attributes(*private_partition, after);
    needs_writing_ = needs_writing_ || before != after;
    auto flags = partitions(active_).flags;
    flags.successful = true;
    set_flags(active_, flags);
    return store();
}

Result<void> Signpost::clear_inactive()
{
    TRY_ASSIGN(const auto slot, require_inactive());
    set_flags(slot, {});
    return store();
}

Result<void> Signpost::mark_inactive_valid()
{
    TRY_ASSIGN(const auto slot, require_inactive());
    auto flags = partitions(slot).flags;
    flags.tries_left = 1;
    set_flags(slot, flags);
    return store();
}

Result<void> Signpost::upgrade_to_inactive()
{
    TRY_ASSIGN(const auto slot, require_inactive());
    const auto flags = partitions(slot).flags;
    if (flags.priority != 0 || flags.successful) {
        return fail(Errc::conflict, "{}, the inactive one, is already marked for boot", name(slot));
    }
    if (flags.tries_left == 0) {
        return fail(Errc::conflict,
                    "{}, the inactive one, is not valid: it was never marked so, or its try is "
                    "spent",
                    name(slot));
    }
    set_priorities(active_, slot);
    return store();
}

Result<void> Signpost::cancel_upgrade()
{
    TRY_ASSIGN(const auto slot, require_inactive());
    auto flags = partitions(slot).flags;
    flags.priority = flags.successful ? 1 : 0;
    set_flags(slot, flags);
    auto active_flags = partitions(active_).flags;
    active_flags.priority = 2;
    set_flags(active_, active_flags);
    return store();
}

Result<void> Signpost::rollback_to_inactive()
{
    TRY_ASSIGN(const auto slot, require_inactive());
    if (!has_worked_or_may_try(partitions(slot).flags)) {
        return fail(Errc::conflict, "{}, the inactive one, would not boot", name(slot));
    }
    set_priorities(active_, slot);
    return store();
}

Result<void> Signpost::fall_back_to_inactive()
{
    TRY_ASSIGN(const auto slot, require_inactive());
    if (!partitions(slot).flags.successful) {
        return fail(Errc::conflict, "{}, the inactive one, has not worked either", name(slot));
    }
    set_priorities(active_, slot);
    auto flags = partitions(active_).flags;
    flags.tries_left = 0;
    flags.successful = false;
    set_flags(active_, flags);
    return store();
}

} // namespace holdfast::update
