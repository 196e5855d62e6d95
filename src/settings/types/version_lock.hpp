#pragma once

#include "settings/types/checked_text.hpp"

namespace holdfast::settings {

struct FriendlyVersionRule {
    static constexpr std::string_view name = "version or latest";
    static constexpr std::string_view expected = "latest, or a version such as 1.2.3 or v1.2.3";
    static constexpr std::string_view pattern = "^(latest|v?[0-9]+\\.[0-9]+\\.[0-9]+.*)$";
    static bool accepts(std::string_view text);
};
/// "latest", or one version, with or without a "v" before it. Kept as given.
using FriendlyVersion = CheckedText<FriendlyVersionRule>;

} // namespace holdfast::settings
