#pragma once

#include "base/version.hpp"

namespace holdfast::update {

using holdfast::Version;
using holdfast::VersionLock;

} // namespace holdfast::update
