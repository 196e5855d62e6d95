#include "boot/core/slots.hpp"

#include <algorithm>

namespace holdfast::boot {

namespace {

constexpr unsigned priority_shift = 48;
constexpr unsigned tries_shift = 52;
constexpr unsigned successful_shift = 56;
constexpr std::uint64_t all_flags = std::uint64_t{0x1ff} << priority_shift;

} // namespace

SlotFlags slot_flags(std::uint64_t attributes)
{
    return {.priority = static_cast<std::uint8_t>(attributes >> priority_shift & 0xf),
            .tries_left = static_cast<std::uint8_t>(attributes >> tries_shift & 0xf),
            .successful = (attributes >> successful_shift & 1) != 0};
}

std::uint64_t with_slot_flags(std::uint64_t attributes, SlotFlags flags)
{
    const auto bits = std::uint64_t{flags.priority} << priority_shift |
                      std::uint64_t{flags.tries_left} << tries_shift |
                      std::uint64_t{flags.successful} << successful_shift;
    return (attributes & ~all_flags) | (bits & all_flags);
}

bool is_bootable(SlotFlags flags)
{
    return flags.priority > 0 && (flags.tries_left > 0 || flags.successful);
}

std::optional<std::size_t> choose_slot(std::span<const SlotFlags> slots)
{
    std::optional<std::size_t> best;
    for (std::size_t i = 0; i < slots.size(); ++i) {
        if (is_bootable(slots[i]) && (!best || slots[i].priority > slots[*best].priority)) {
            best = i;
        }
    }
    return best;
}

BootOrder boot_order(std::span<const SlotFlags> slots)
{
    std::array<SlotFlags, max_slots> left{};
    std::ranges::copy(slots.first(std::min(slots.size(), left.size())), left.begin());
    BootOrder order;
    while (const auto next = choose_slot(left)) {
        order.slots[order.count++] = *next;
        left[*next] = {};
    }
    return order;
}

SlotFlags spend_try(SlotFlags flags)
{
    if (flags.tries_left > 0) {
        --flags.tries_left;
    }
    return flags;
}

} // namespace holdfast::boot
