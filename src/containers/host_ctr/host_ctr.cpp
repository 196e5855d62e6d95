#include "containers/host_ctr/host_ctr.hpp"

#include "containers/containerd/client.hpp"
#include "containers/host_ctr/options.hpp"
#include "containers/host_ctr/posix_handover.hpp"
#include "io/posix/posix_system.hpp"

namespace holdfast::containers {

namespace {

constexpr auto this_program = "/usr/bin/host-ctr";
constexpr auto waiter_program = "/usr/bin/host-ctr-wait";

Result<RegistryAccess> read_access(const Options& options, io::Files& files)
{
    // Without a file there are no mirrors and no credentials.
    if (options.registry_config.empty() || !files.exists(options.registry_config)) {
        return RegistryAccess{};
    }
    TRY_ASSIGN(const auto text, files.read(options.registry_config));
    return RegistryAccess::parse(text).while_(options.registry_config.native());
}

std::vector<std::string> proxy_variables(const io::System& system)
{
    std::vector<std::string> lines;
    for (const char* name : {"HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy"}) {
        if (const auto value = system.environment(name)) {
            lines.push_back(std::string(name) + "=" + *value);
        }
    }
    return lines;
}

/// An installed program, or the one that an environment variable names: tests run from the build
/// tree.
std::string program(const io::System& system, const char* variable, const char* installed)
{
    return system.environment(variable).value_or(installed);
}

Result<int> run(const Options& options, const io::System& system, World& world)
{
    TRY_ASSIGN(auto source, parse_image_source(options.source));
    TRY_ASSIGN(auto access, read_access(options, system.files));
    RunOrder order{.request = {.name = options.container_id,
                               .kind = options.kind,
                               .superpowered = options.superpowered,
                               .command = options.command,
                               .cgroup = {},
                               .proxies = proxy_variables(system)},
                   .source = std::move(source),
                   .access = std::move(access),
                   .use_cached_image = options.use_cached_image,
                   .finish = {}};
    const auto id = container_id(order.request);
    order.request.cgroup = "/" + options.space + "/" + id;
    order.finish = {program(system, "HOST_CTR_PROGRAM", this_program),
                    "--containerd-socket",
                    options.socket.native(),
                    "--namespace",
                    options.space,
                    "finish",
                    "--container-id",
                    id};
    return run_container(order, world);
}

Result<int> pull(const Options& options, const io::System& system, World& world)
{
    TRY_ASSIGN(const auto source, parse_image_source(options.source));
    TRY_ASSIGN(const auto access, read_access(options, system.files));
    TRY(ensure_image(source, access, options.skip_if_image_exists, options.labels, world));
    return 0;
}

} // namespace

Result<int> host_ctr(const CommandLine& arguments, io::System& system)
{
    TRY_ASSIGN(const auto parsed, parse_options(arguments));
    if (parsed.exit_status.has_value()) {
        return *parsed.exit_status;
    }
    const auto& options = parsed.options;
    TRY_ASSIGN(const auto client,
               Client::open({.socket = options.socket, .space = options.space}, system.clock));
    PosixHandover handover(program(system, "HOST_CTR_WAIT_PROGRAM", waiter_program));
    World world{*client, system.files, system.clock, system.random, handover,
                [](const std::filesystem::path& path) -> Result<std::unique_ptr<io::BlockDevice>> {
                    TRY_ASSIGN(auto device, io::PosixBlockDevice::open(
                                                path, io::PosixBlockDevice::Access::read_only));
                    return std::unique_ptr<io::BlockDevice>(std::move(device));
                }};
    switch (options.verb) {
    case Options::Verb::run: return run(options, system, world);
    case Options::Verb::pull_image: return pull(options, system, world);
    case Options::Verb::clean_up:
        TRY(clean_up_container(options.container_id, world));
        return 0;
    case Options::Verb::finish: return finish_container(options.container_id, options.ended, world);
    }
    return 2;
}

} // namespace holdfast::containers
