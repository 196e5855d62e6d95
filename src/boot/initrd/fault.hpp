#pragma once

#include "base/fallible.hpp"
#include "boot/initrd/fixed_text.hpp"

#include <string_view>

namespace holdfast::initrd {

/// Why the boot cannot go on: one sentence for whoever looks at the console. No caller acts on the
/// kind of a fault, every one of them ends in a reboot, so there is no code.
struct Fault {
    FixedText<240> text;
};

template <typename T>
using Result = Fallible<T, Fault>;

/// `return fault("the hash partition", ": wrong salt");`
template <typename... Parts>
Failure<Fault> fault(Parts... parts)
{
    Fault made;
    (made.text.append(parts), ...);
    return Failure{made};
}

} // namespace holdfast::initrd
