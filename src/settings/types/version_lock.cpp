#include "settings/types/version_lock.hpp"

#include "base/version.hpp"

namespace holdfast::settings {

bool FriendlyVersionRule::accepts(std::string_view text)
{
    return VersionLock::parse(text).has_value();
}

} // namespace holdfast::settings
