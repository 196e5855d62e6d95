#pragma once

#include "boot/initrd/fixed_text.hpp"

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

namespace holdfast::initrd {

/// The kernel modules of the initrd in load order: the names "NN-name.ko" sorted, everything else
/// left out. The image builder numbers them so that each stands after what it needs.
class ModuleList {
public:
    using Name = FixedText<63>;

    /// Takes one name of the directory. Names that are no module are skipped.
    void add(std::string_view name);
    /// Sorted by name.
    std::span<const Name> names() const { return {names_.data(), count_}; }
    /// More modules than the list holds; the builder's mistake.
    bool overflowed() const { return overflowed_; }

private:
    std::array<Name, 96> names_{};
    std::size_t count_ = 0;
    bool overflowed_ = false;
};

} // namespace holdfast::initrd
