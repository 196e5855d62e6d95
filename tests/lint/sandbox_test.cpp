// Every service of the image runs in a sandbox: reads the unit files as they lie in src/.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

/// What every service says, and the values that count.
struct Rule {
    std::string key;
    std::set<std::string> values; ///< Empty: any value, an empty one too.
};

const std::set<std::string> yes{"yes"};

const std::vector<Rule> minimum = {
    {"NoNewPrivileges", yes},
    {"CapabilityBoundingSet", {}},
    {"ProtectSystem", {"strict"}},
    {"ProtectHome", {"yes", "read-only"}},
    {"PrivateTmp", {"yes", "disconnected"}},
    {"ProtectKernelTunables", yes},
    {"ProtectKernelModules", yes},
    {"ProtectKernelLogs", yes},
    {"ProtectControlGroups", yes},
    {"ProtectClock", yes},
    {"ProtectHostname", yes},
    {"RestrictNamespaces", yes},
    {"RestrictRealtime", yes},
    {"RestrictSUIDSGID", yes},
    {"RestrictAddressFamilies", {}},
    {"LockPersonality", yes},
    {"MemoryDenyWriteExecute", yes},
    {"SystemCallArchitectures", {"native"}},
    {"SystemCallFilter", {}},
};

/// Why a service does without something of the minimum.
struct Exception {
    std::string reason;
    std::set<std::string> keys;
};

/// What needs a mount or host name namespace of the service's own.
const std::set<std::string> namespaces = {
    "ProtectSystem",        "ProtectHome",       "PrivateTmp",           "ProtectKernelTunables",
    "ProtectKernelModules", "ProtectKernelLogs", "ProtectControlGroups", "ProtectHostname",
};

const Exception failed_boot{
    "its work is left when nothing else works: nothing that could keep it from "
    "starting, such as a namespace on a machine without its mounts",
    namespaces};

const Exception applier{"its commands set kernel parameters, of which kernel.hostname is one",
                        {"ProtectKernelTunables", "ProtectHostname"}};

const std::map<std::string, Exception> exceptions = {
    {"settings-applier.service", applier},
    {"settings-applier@.service", applier},
    {"boot-failed.service", failed_boot},
    {"emergency.service", failed_boot},
    {"rescue.service", failed_boot},
    {"boot-health.service", {"tells the console through /dev/kmsg", {"ProtectKernelLogs"}}},
    {"prepare-local-fs.service", {"its mounts are the machine's", namespaces}},
    {"private-mounts.service", {"the mounts that it changes are the machine's", namespaces}},
    {"set-hostname.service",
     {"the name is set through /proc/sys/kernel", {"ProtectKernelTunables", "ProtectHostname"}}},
    {"netdog-resolv-conf.service",
     {"sets the primary interface's variables in /proc/sys/net", {"ProtectKernelTunables"}}},
};

/// Services that run none of our programs, but the distribution's, and why they are as they are.
const std::map<std::string, std::string> of_the_distribution = {
    {"chronyd.service", "has a sandbox of its own kind, by the upstream unit"},
    {"console-shell@.service", "a root shell, in development images"},
    {"dbus-broker.service", "as upstream"},
    {"host-containerd.service", "containers are its children and would inherit what it lacks"},
    {"systemd-journal-flush.service", "a request to journald; as upstream"},
    {"systemd-modules-load.service", "loads kernel modules; has no capability for anything else"},
    {"systemd-pstore.service", "has a sandbox, but for /sys/fs/pstore"},
    {"systemd-sysctl.service", "writes kernel variables; as upstream"},
    {"systemd-udev-trigger.service", "announces devices through /sys; as upstream"},
    {"udev-trigger-late.service", "as systemd-udev-trigger.service"},
    {"user-data-cdrom.service", "a request to systemd"},
    {"user-data-devices.service", "as systemd-udev-trigger.service"},
};

/// The keys of the section [Service], each with its last value: an early one may be reset.
std::map<std::string, std::string> read_service(const fs::path& path)
{
    std::map<std::string, std::string> keys;
    std::ifstream file(path);
    bool in_service = false;
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with('[')) {
            in_service = line == "[Service]";
        } else if (const auto equals = line.find('='); in_service && equals != line.npos) {
            keys.insert_or_assign(line.substr(0, equals), line.substr(equals + 1));
        }
    }
    return keys;
}

/// All services of all overlays, by name. Empty files are masks, which run nothing.
std::map<std::string, fs::path> all_services()
{
    std::map<std::string, fs::path> services;
    for (const auto& entry : fs::recursive_directory_iterator("src")) {
        const auto& path = entry.path();
        if (path.extension() == ".service" && path.parent_path().filename() == "system" &&
            entry.is_regular_file() && !entry.is_symlink() && fs::file_size(path) > 0) {
            services.insert_or_assign(path.filename().native(), path);
        }
    }
    return services;
}

bool fulfils(const std::map<std::string, std::string>& service, const Rule& rule)
{
    const auto found = service.find(rule.key);
    return found != service.end() && (rule.values.empty() || rule.values.contains(found->second));
}

TEST(Sandbox, OfEveryServiceHasTheMinimumButForReasonedExceptions)
{
    const auto services = all_services();
    ASSERT_GT(services.size(), 20U);
    for (const auto& [name, path] : services) {
        if (of_the_distribution.contains(name)) {
            continue;
        }
        const auto service = read_service(path);
        const auto exception = exceptions.find(name);
        for (const auto& rule : minimum) {
            const bool excepted =
                exception != exceptions.end() && exception->second.keys.contains(rule.key);
            if (excepted) {
                EXPECT_FALSE(fulfils(service, rule))
                    << path << ": " << rule.key << " is there; take it out of `exceptions`";
            } else {
                EXPECT_TRUE(fulfils(service, rule))
                    << path << " needs " << rule.key << "="
                    << (rule.values.empty() ? "…" : *rule.values.begin())
                    << ", or a reason in `exceptions` of tests/lint/sandbox_test.cpp";
            }
        }
    }
}

TEST(Sandbox, ExceptionsAreOfServicesThatExist)
{
    const auto services = all_services();
    for (const auto& [name, exception] : exceptions) {
        EXPECT_TRUE(services.contains(name)) << name;
    }
    for (const auto& [name, reason] : of_the_distribution) {
        EXPECT_TRUE(services.contains(name)) << name;
    }
}

} // namespace
