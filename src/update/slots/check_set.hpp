#pragma once

#include "update/slots/prepare.hpp"

namespace holdfast::update {

/// Whether a set still is what it was when it was made: every block of ROOT is what its hash tree
/// says, the tree is sound up to its root hash, and the boot image names that hash. Whether the boot
/// image itself is sound is for the firmware to say, which then goes on with the other set.
///
/// Reads all of the set, from the disk itself. Errors: `corrupt`, telling what is damaged; `io` for
/// what cannot be read.
Result<void> check_set(const SetDevices& set);

} // namespace holdfast::update
