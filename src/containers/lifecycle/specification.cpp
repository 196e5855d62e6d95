#include "containers/lifecycle/specification.hpp"

#include "containers/lifecycle/seccomp.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

namespace holdfast::containers {

namespace {

using Strings = std::vector<std::string>;

const std::set<std::string> default_capabilities{
    "CAP_AUDIT_WRITE", "CAP_CHOWN",  "CAP_DAC_OVERRIDE", "CAP_FOWNER",  "CAP_FSETID",
    "CAP_KILL",        "CAP_MKNOD",  "CAP_NET_BIND_SERVICE", "CAP_NET_RAW", "CAP_SETFCAP",
    "CAP_SETGID",      "CAP_SETPCAP", "CAP_SETUID",      "CAP_SYS_CHROOT"};

const std::set<std::string> bootstrap_capabilities{"CAP_AUDIT_CONTROL", "CAP_NET_ADMIN",
                                                   "CAP_SYS_ADMIN", "CAP_SYS_CHROOT",
                                                   "CAP_SYS_MODULE"};

/// By number, linux/capability.h.
constexpr std::array all_capabilities{
    "CAP_CHOWN",           "CAP_DAC_OVERRIDE",     "CAP_DAC_READ_SEARCH", "CAP_FOWNER",
    "CAP_FSETID",          "CAP_KILL",             "CAP_SETGID",          "CAP_SETUID",
    "CAP_SETPCAP",         "CAP_LINUX_IMMUTABLE",  "CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST",
    "CAP_NET_ADMIN",       "CAP_NET_RAW",          "CAP_IPC_LOCK",        "CAP_IPC_OWNER",
    "CAP_SYS_MODULE",      "CAP_SYS_RAWIO",        "CAP_SYS_CHROOT",      "CAP_SYS_PTRACE",
    "CAP_SYS_PACCT",       "CAP_SYS_ADMIN",        "CAP_SYS_BOOT",        "CAP_SYS_NICE",
    "CAP_SYS_RESOURCE",    "CAP_SYS_TIME",         "CAP_SYS_TTY_CONFIG",  "CAP_MKNOD",
    "CAP_LEASE",           "CAP_AUDIT_WRITE",      "CAP_AUDIT_CONTROL",   "CAP_SETFCAP",
    "CAP_MAC_OVERRIDE",    "CAP_MAC_ADMIN",        "CAP_SYSLOG",          "CAP_WAKE_ALARM",
    "CAP_BLOCK_SUSPEND",   "CAP_AUDIT_READ",       "CAP_PERFMON",         "CAP_BPF",
    "CAP_CHECKPOINT_RESTORE"};

/// What the first process may ever have. the runtime refuses to give more than that, and host-ctr's own
/// set says nothing: its sandbox is tighter than the host.
Result<std::set<std::string>> host_capabilities(io::Files& host)
{
    TRY_ASSIGN(const auto status, host.read("/proc/1/status"));
    constexpr std::string_view key = "\nCapBnd:\t";
    const auto at = status.find(key);
    std::uint64_t bits = 0;
    if (at == std::string::npos ||
        std::from_chars(status.data() + at + key.size(), status.data() + status.size(), bits, 16)
                .ec != std::errc{}) {
        return fail(Errc::internal, "/proc/1/status names no capabilities");
    }
    std::set<std::string> set;
    for (std::size_t number = 0; number < all_capabilities.size(); ++number) {
        if ((bits >> number & 1U) != 0) {
            set.insert(all_capabilities[number]);
        }
    }
    return set;
}

bool reaches_host(const ContainerRequest& request)
{
    return request.superpowered || request.kind == Kind::bootstrap;
}

Result<std::set<std::string>> capabilities_of(const ContainerRequest& request, io::Files& host)
{
    if (request.superpowered) {
        return host_capabilities(host);
    }
    auto set = default_capabilities;
    if (request.kind == Kind::bootstrap) {
        set.insert(bootstrap_capabilities.begin(), bootstrap_capabilities.end());
    }
    return set;
}

Json mount(const char* type, std::string source, std::string target, Strings options)
{
    return {{"type", type},
            {"source", std::move(source)},
            {"destination", std::move(target)},
            {"options", std::move(options)}};
}

Json bind(std::string source, std::string target, Strings options)
{
    return mount("bind", std::move(source), std::move(target), std::move(options));
}

/// What any container gets, as containerd's own defaults have it.
Json system_mounts(bool writable_sys)
{
    return Json::array(
        {mount("proc", "proc", "/proc", {"nosuid", "noexec", "nodev"}),
         mount("tmpfs", "tmpfs", "/dev", {"nosuid", "strictatime", "mode=755", "size=65536k"}),
         mount("devpts", "devpts", "/dev/pts",
               {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"}),
         mount("tmpfs", "shm", "/dev/shm",
               {"nosuid", "noexec", "nodev", "mode=1777", "size=65536k"}),
         mount("mqueue", "mqueue", "/dev/mqueue", {"nosuid", "noexec", "nodev"}),
         mount("sysfs", "sysfs", "/sys",
               {"nosuid", "noexec", "nodev", writable_sys ? "rw" : "ro"}),
         mount("tmpfs", "tmpfs", "/run", {"nosuid", "strictatime", "mode=755", "size=65536k"}),
         mount("cgroup", "cgroup", "/sys/fs/cgroup", {"ro", "nosuid", "noexec", "nodev"})});
}

/// A mount of a host path, and what to do on a host without it.
struct HostMount {
    std::string source;
    std::string target;
    Strings options;
    enum class IfMissing { fail, skip } if_missing = IfMissing::fail;
};

std::vector<HostMount> common_mounts(const ContainerRequest& request)
{
    const Strings read_only{"bind", "rprivate", "ro"};
    const std::string folder =
        request.kind == Kind::host ? "host-containers" : "bootstrap-containers";
    const auto own = "/local/" + folder + "/" + request.name;
    const auto inside = "/.bottlerocket/" + folder + "/";
    std::vector<HostMount> mounts{
        {own, inside + request.name, {"rbind", "rprivate", "rw"}},
        {"/run/api.sock", "/run/api.sock", {"bind", "rprivate", "rw"}},
        {"/usr/bin/apiclient", "/usr/local/bin/apiclient", read_only},
        {"/etc/hosts", "/etc/hosts", read_only},
        {"/etc/resolv.conf", "/etc/resolv.conf", read_only},
        {"/etc/os-release", "/etc/bottlerocket-release", read_only},
        {"/usr/share/holdfast/application-inventory.json",
         "/var/lib/bottlerocket/inventory/application.json", read_only},
        {"/var/log/support", "/.bottlerocket/support", read_only},
        // Newer than the rest of the interface, and useful only where a bundle was made.
        {"/etc/pki/tls/certs", "/.bottlerocket/certs", read_only, HostMount::IfMissing::skip},
        // Where the bundle in there leads to until settings.pki adds to it.
        {"/usr/share/holdfast/ca-bundle.crt", "/usr/share/holdfast/ca-bundle.crt", read_only,
         HostMount::IfMissing::skip}};
    if (request.name != "current") {
        mounts.push_back({own, inside + "current", {"rbind", "rprivate", "rw"}});
    }
    return mounts;
}

std::vector<HostMount> host_reaching_mounts(Kind kind)
{
    const std::string root = "/.bottlerocket/rootfs";
    std::vector<HostMount> mounts{
        {"/", root, {"rbind", "rprivate", "ro"}},
        {"/lib/modules", "/lib/modules", {"rbind", "rprivate", "ro"}},
        // No image has kernel sources so far.
        {"/usr/src/kernels", "/usr/src/kernels", {"rbind", "rprivate", "rw"},
         HostMount::IfMissing::skip},
        {"/sys/firmware", "/sys/firmware", {"rbind", "rprivate"}},
        {"/sys/kernel/debug", "/sys/kernel/debug", {"rbind", "rprivate"}},
        {"/mnt", root + "/mnt", {"rbind", "rshared"}},
        {"/usr/bin/kmod", "/usr/local/sbin/modprobe", {"bind", "rprivate", "ro", "exec"}}};
    if (kind == Kind::bootstrap) {
        for (const std::string path :
             {"/var/lib/containerd", "/var/lib/docker", "/var/lib/kubelet"}) {
            mounts.push_back({path, root + path, {"rbind", "rshared"}, HostMount::IfMissing::skip});
        }
    }
    return mounts;
}

Result<Json> all_mounts(const ContainerRequest& request, io::Files& host)
{
    auto mounts = system_mounts(request.superpowered);
    auto wanted = common_mounts(request);
    if (reaches_host(request)) {
        std::ranges::move(host_reaching_mounts(request.kind), std::back_inserter(wanted));
    }
    for (auto& entry : wanted) {
        if (host.exists(entry.source)) {
            mounts.push_back(bind(entry.source, entry.target, entry.options));
        } else if (entry.if_missing == HostMount::IfMissing::fail) {
            return fail(Errc::not_found,
                        "this host has no {}, which every container gets at {}", entry.source,
                        entry.target);
        }
    }
    return mounts;
}

Json device(char type, std::optional<int> major, std::optional<int> minor, const char* access)
{
    Json rule{{"allow", true}, {"type", std::string(1, type)}, {"access", access}};
    if (major.has_value()) {
        rule["major"] = *major;
    }
    if (minor.has_value()) {
        rule["minor"] = *minor;
    }
    return rule;
}

Json device_rules(const ContainerRequest& request)
{
    if (reaches_host(request)) {
        return Json::array({{{"allow", true}, {"access", "rwm"}}});
    }
    return Json::array({{{"allow", false}, {"access", "rwm"}},
                        // Nodes may be made, but only the following opened.
                        device('c', {}, {}, "m"), device('b', {}, {}, "m"),
                        device('c', 1, 3, "rwm"),    // null
                        device('c', 1, 5, "rwm"),    // zero
                        device('c', 1, 7, "rwm"),    // full
                        device('c', 1, 8, "rwm"),    // random
                        device('c', 1, 9, "rwm"),    // urandom
                        device('c', 5, 0, "rwm"),    // tty
                        device('c', 5, 1, "rwm"),    // console
                        device('c', 5, 2, "rwm"),    // ptmx
                        device('c', 136, {}, "rwm")}); // pseudo terminals
}

Json namespaces(const ContainerRequest& request)
{
    Json list = Json::array({{{"type", "ipc"}}, {{"type", "uts"}}, {{"type", "mount"}}});
    if (!reaches_host(request)) {
        list.push_back({{"type", "pid"}});
    }
    return list; // No "network": all of them live in the host's.
}

Json process_part(const ContainerRequest& request, const ImageProcess& process,
                  const std::set<std::string>& capabilities, bool selinux)
{
    auto arguments = process.entrypoint;
    arguments.insert(arguments.end(), process.arguments.begin(), process.arguments.end());
    auto environment = process.environment;
    const bool has_path = std::ranges::any_of(
        environment, [](const std::string& line) { return line.starts_with("PATH="); });
    if (!has_path) {
        environment.insert(environment.begin(),
                           "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    }
    environment.insert(environment.end(), request.proxies.begin(), request.proxies.end());
    Json part{{"args", request.command.empty() ? arguments : request.command},
              {"env", environment},
              {"cwd", process.directory},
              {"user", {{"uid", process.user}, {"gid", process.group}}},
              {"noNewPrivileges", !request.superpowered},
              // Or it would have containerd's, and outlive the host's services where memory runs out.
              {"oomScoreAdj", 0},
              {"capabilities",
               {{"bounding", capabilities},
                {"effective", capabilities},
                {"permitted", capabilities}}},
              {"rlimits",
               Json::array({{{"type", "RLIMIT_NOFILE"}, {"soft", 1024}, {"hard", 1024}}})}};
    if (request.superpowered) {
        part["capabilities"]["inheritable"] = capabilities;
    }
    if (selinux) {
        part["selinuxLabel"] = std::string("system_u:system_r:") +
                               (request.superpowered ? "super_t" : "control_t") +
                               ":s0-s0:c0.c1023";
    }
    return part;
}

Json linux_part(const ContainerRequest& request, const std::set<std::string>& capabilities,
                bool selinux)
{
    Json part{{"cgroupsPath", request.cgroup},
              {"namespaces", namespaces(request)},
              {"resources", {{"devices", device_rules(request)}}}};
    if (reaches_host(request)) {
        part["rootfsPropagation"] = "rshared";
    }
    if (!request.superpowered) {
        // /sys/firmware is not masked: containers of the host may read it.
        part["maskedPaths"] = {"/proc/acpi",         "/proc/asound",      "/proc/kcore",
                               "/proc/keys",         "/proc/latency_stats", "/proc/sched_debug",
                               "/proc/scsi",         "/proc/timer_list",  "/proc/timer_stats",
                               "/sys/devices/virtual/powercap"};
        part["readonlyPaths"] = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys",
                                 "/proc/sysrq-trigger"};
        const std::set<std::string> extra =
            request.kind == Kind::bootstrap ? std::set<std::string>{"swapoff", "swapon"}
                                            : std::set<std::string>{};
        part["seccomp"] = seccomp_profile(capabilities, extra);
    }
    if (selinux) {
        part["mountLabel"] = "system_u:object_r:secret_t:s0";
    }
    return part;
}

Result<Strings> strings_of(const Json& object, const char* key)
{
    Strings found;
    const auto list = object.find(key);
    if (list == object.end() || list->is_null()) {
        return found;
    }
    if (!list->is_array()) {
        return fail(Errc::invalid, "the image's configuration: {}: expected a list", key);
    }
    for (const auto& item : *list) {
        if (!item.is_string()) {
            return fail(Errc::invalid, "the image's configuration: {}: expected strings", key);
        }
        found.push_back(item.get<std::string>());
    }
    return found;
}

/// Of a user or a group. Names but root's would have to be looked up in the image.
Result<std::uint32_t> number_of(std::string_view text)
{
    if (text == "root") {
        return 0;
    }
    std::uint32_t number = 0;
    const auto end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, number);
    if (text.empty() || parsed.ec != std::errc{} || parsed.ptr != end) {
        return fail(Errc::unsupported,
                    "the image runs as the user \"{}\"; expected root or a number", text);
    }
    return number;
}

} // namespace

Result<ImageProcess> ImageProcess::parse(const Json& image_configuration)
{
    ImageProcess process;
    const auto part = image_configuration.is_object() ? image_configuration.find("config")
                                                      : image_configuration.end();
    if (!image_configuration.is_object()) {
        return fail(Errc::invalid, "the image's configuration is no JSON object");
    }
    if (part == image_configuration.end() || part->is_null()) {
        return process;
    }
    if (!part->is_object()) {
        return fail(Errc::invalid, "the image's configuration: config: expected an object");
    }
    TRY_ASSIGN(process.entrypoint, strings_of(*part, "Entrypoint"));
    TRY_ASSIGN(process.arguments, strings_of(*part, "Cmd"));
    TRY_ASSIGN(process.environment, strings_of(*part, "Env"));
    if (const auto directory = part->find("WorkingDir");
        directory != part->end() && directory->is_string() && *directory != "") {
        process.directory = directory->get<std::string>();
    }
    if (const auto user = part->find("User");
        user != part->end() && user->is_string() && *user != "") {
        const auto text = user->get<std::string>();
        const auto colon = text.find(':');
        TRY_ASSIGN(process.user, number_of(std::string_view(text).substr(0, colon)));
        if (colon != std::string::npos) {
            TRY_ASSIGN(process.group, number_of(std::string_view(text).substr(colon + 1)));
        }
    }
    return process;
}

Result<Json> make_specification(const ContainerRequest& request, const ImageProcess& process,
                                io::Files& host)
{
    if (request.superpowered && request.kind == Kind::bootstrap) {
        return fail(Errc::invalid, "Bootstrap containers can't be superpowered");
    }
    if (request.command.empty() && process.entrypoint.empty() && process.arguments.empty()) {
        return fail(Errc::invalid, "the image names no program to run, and neither does the "
                                   "container's command");
    }
    const bool selinux = host.exists("/sys/fs/selinux/enforce");
    TRY_ASSIGN(const auto capabilities, capabilities_of(request, host));
    TRY_ASSIGN(auto mounts, all_mounts(request, host));
    return Json{{"ociVersion", "1.0.2"},
                {"root", {{"path", "rootfs"}}},
                {"process", process_part(request, process, capabilities, selinux)},
                {"mounts", std::move(mounts)},
                {"linux", linux_part(request, capabilities, selinux)}};
}

} // namespace holdfast::containers
