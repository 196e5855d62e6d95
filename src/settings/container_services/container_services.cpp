#include "settings/container_services/container_services.hpp"

#include "settings/groups.hpp"
#include "toml/toml.hpp"

namespace holdfast::settings {

Result<std::string> render_containerd_configuration()
{
    // Version 2 is the newest that containerd 1.7 reads.
    return to_toml({{"version", 2},
                    {"root", "/var/lib/containerd"},
                    {"state", "/run/containerd"},
                    {"disabled_plugins",
                     {"io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt",
                      "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.devmapper",
                      "io.containerd.snapshotter.v1.native", "io.containerd.snapshotter.v1.zfs"}},
                    {"grpc", {{"address", "/run/containerd/containerd.sock"}}}});
}

Group container_services_group()
{
    return {.name = "container-services",
            .settings = std::nullopt,
            .services = {{"containerd",
                          {{"containerd-config-toml", "proxy-env"},
                           {"/bin/systemctl try-restart containerd.service"}}},
                         {"host-containerd",
                          {{"proxy-env"}, {"/bin/systemctl try-restart host-containerd.service"}}}},
            .files = {rendered_file<render_containerd_configuration>(
                "containerd-config-toml", "/etc/containerd/config.toml")}};
}

} // namespace holdfast::settings
