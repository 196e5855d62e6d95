#pragma once

#include "test_machine.hpp"

namespace holdfast::vm {

/// Expects what each boot leaves, the first one and later ones alike: mounts with their options and
/// propagation, kernel variables, modes of folders. Asks the root shell.
void expect_boot_state(TestMachine& machine);

} // namespace holdfast::vm
