#pragma once

#include "base/error.hpp"

#include <optional>
#include <string_view>

namespace holdfast::update {

/// The flags of one set of partitions.
struct BootSet {
    char letter = 'a'; ///< 'a' or 'b'.
    unsigned priority = 0;
    unsigned tries_left = 0;
    bool successful = false;
    bool operator==(const BootSet&) const = default;
};

/// The sets of the disk that the system runs from, for those who may not open it.
struct BootSets {
    BootSet active;
    std::optional<BootSet> other = {}; ///< Nothing on a disk with one set.
    bool other_is_next = false;
    bool operator==(const BootSets&) const = default;
};

/// Reads what `signpost status` prints. Errors: `invalid` where the active set is not told of.
Result<BootSets> parse_sets(std::string_view signpost_status);

} // namespace holdfast::update
