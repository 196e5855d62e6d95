#pragma once

#include "settings/group.hpp"

namespace holdfast::settings {

/// /etc/containerd/config.toml of a variant without Kubernetes: no CRI.
Result<std::string> render_containerd_configuration();

} // namespace holdfast::settings
