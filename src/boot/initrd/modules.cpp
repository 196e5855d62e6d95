#include "boot/initrd/modules.hpp"

namespace holdfast::initrd {

namespace {

bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

} // namespace

void ModuleList::add(std::string_view name)
{
    if (name.size() < 7 || !is_digit(name[0]) || !is_digit(name[1]) || name[2] != '-' ||
        !name.ends_with(".ko")) {
        return;
    }
    const Name entry(name);
    if (count_ == names_.size() || entry.overflowed()) {
        overflowed_ = true;
        return;
    }
    // Insertion keeps the list sorted; it has a few dozen entries.
    std::size_t at = count_++;
    for (; at > 0 && names_[at - 1].view() > entry.view(); --at) {
        names_[at] = names_[at - 1];
    }
    names_[at] = entry;
}

} // namespace holdfast::initrd
