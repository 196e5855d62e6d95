#include "boot_state.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <format>
#include <map>

namespace holdfast::vm {

namespace {

/// A line of /proc/self/mountinfo (proc_pid_mountinfo(5)).
struct Mount {
    std::string type;
    std::vector<std::string> options;
    bool is_shared = false;
};

/// Of several mounts on one point the last counts: it covers the others.
std::map<std::string, Mount> parse_mounts(std::string_view mountinfo)
{
    std::map<std::string, Mount> mounts;
    for (const auto& line : split(mountinfo, '\n')) {
        const auto words = split(line, ' ');
        const auto dash = std::ranges::find(words, "-");
        if (words.size() < 6 || dash == words.end() || dash + 1 == words.end()) {
            continue;
        }
        mounts[words[4]] = {.type = *(dash + 1),
                            .options = split(words[5], ','),
                            .is_shared = std::any_of(words.begin() + 6, dash, [](const auto& word) {
                                return word.starts_with("shared:");
                            })};
    }
    return mounts;
}

enum class Propagation { any, shared, own };

struct Expected {
    std::string_view point;
    std::string_view type;
    std::string_view options; ///< Of nosuid, nodev, noexec, ro and noatime: those that it has.
    Propagation propagation = Propagation::any;
};

// reference: the mount table of Bottlerocket, and of its newer releases. SELinux contexts apart.
constexpr std::array mounts_of_a_boot = {
    Expected{"/", "erofs", "ro"},
    Expected{"/etc", "tmpfs", "nosuid,nodev,noexec,noatime"},
    Expected{"/tmp", "tmpfs", "nosuid,nodev,noexec"},
    Expected{"/run", "tmpfs", "nosuid,nodev,noexec"},
    Expected{"/dev/shm", "tmpfs", "nosuid,nodev,noexec"},
    Expected{"/dev", "devtmpfs", "nosuid,noexec"},
    Expected{"/proc", "proc", "nosuid,nodev,noexec"},
    Expected{"/sys", "sysfs", "nosuid,nodev,noexec"},
    Expected{"/sys/fs/cgroup", "cgroup2", "nosuid,nodev,noexec"},
    Expected{"/local", "ext4", "nosuid,nodev,noatime", Propagation::own},
    Expected{"/var", "ext4", "nosuid,nodev,noatime", Propagation::shared},
    Expected{"/opt", "ext4", "nosuid,nodev,noatime", Propagation::shared},
    Expected{"/mnt", "ext4", "nosuid,nodev,noatime", Propagation::shared},
    Expected{"/local/var", "erofs", "ro,nosuid,nodev,noexec", Propagation::own},
    Expected{"/local/opt", "erofs", "ro,nosuid,nodev,noexec", Propagation::own},
    Expected{"/local/mnt", "erofs", "ro,nosuid,nodev,noexec", Propagation::own},
    Expected{"/.bottlerocket", "ext4", "nosuid,nodev,noexec,noatime", Propagation::own},
    Expected{"/var/lib/bottlerocket", "ext4", "nosuid,nodev,noexec,noatime", Propagation::shared},
};

void expect_mount(const std::map<std::string, Mount>& mounts, const Expected& expected)
{
    SCOPED_TRACE(expected.point);
    const auto found = mounts.find(std::string(expected.point));
    ASSERT_NE(found, mounts.end());
    EXPECT_EQ(found->second.type, expected.type);
    const auto wanted = split(expected.options, ',');
    for (const std::string option : {"ro", "nosuid", "nodev", "noexec", "noatime"}) {
        EXPECT_EQ(std::ranges::contains(found->second.options, option),
                  std::ranges::contains(wanted, option))
            << option;
    }
    if (expected.propagation != Propagation::any) {
        EXPECT_EQ(found->second.is_shared, expected.propagation == Propagation::shared);
    }
}

/// Prints the variables that are not what the image's file says, and how many it read.
constexpr auto compare_variables = R"sh(n=0; while read -r key _ value; do )sh"
                                   R"sh(case $key in ''|\#*) continue;; esac; )sh"
                                   R"sh(n=$((n+1)); is=$(echo $(sysctl -n ${key#-})); )sh"
                                   R"sh([ "$is" = "$value" ] || echo "$key is $is, not $value"; )sh"
                                   R"sh(done < /usr/lib/sysctl.d/80-release.conf; echo $n)sh";

/// How many variables the file sets, as it lies in the checkout.
std::ptrdiff_t variables_of_the_image(io::Files& files)
{
    const auto text =
        files.read(checkout / "src/boot/targets/root/usr/lib/sysctl.d/80-release.conf");
    EXPECT_TRUE(succeeds(text));
    const auto lines = split(text.has_value() ? *text : "", '\n');
    return std::ranges::count_if(lines, [](const std::string& line) {
        return line.contains(" = ") && !line.starts_with('#');
    });
}

std::string output(TestMachine& machine, const std::string& command)
{
    const auto answer = machine.shell(command);
    EXPECT_TRUE(succeeds(answer));
    return answer ? answer->output : "";
}

/// As soon as it is so, for some of it comes late in a boot.
std::string output_when(TestMachine& machine, const std::string& command, const std::string& wanted)
{
    const auto deadline = machine.clock().monotonic_now() + boot_limit;
    auto found = output(machine, command);
    while (found != wanted && machine.clock().monotonic_now() < deadline) {
        machine.clock().sleep(500ms);
        found = output(machine, command);
    }
    return found;
}

} // namespace

void expect_boot_state(TestMachine& machine)
{
    // No unit has failed, and none is on its way any more: what systemd says of it on the console would
    // stand in the middle of an answer.
    ASSERT_EQ(output_when(machine, "systemctl is-system-running", "running"), "running");
    const auto mounts = parse_mounts(output(machine, "cat /proc/self/mountinfo"));
    for (const auto& expected : mounts_of_a_boot) {
        expect_mount(mounts, expected);
    }
    EXPECT_EQ(output(machine, compare_variables),
              std::to_string(variables_of_the_image(machine.files())));
    EXPECT_EQ(output(machine, "stat -c %a:%U /etc/sysctl.d /var/lib/chrony /etc/host-containers "
                              "/etc/containerd /local/host-containers | paste -sd ' '"),
              "700:root 700:chrony 750:root 750:root 700:root");
    // Who may open them may do everything.
    EXPECT_EQ(output(machine, "stat -c %a:%u:%g /run/api.sock /run/settings-applier.sock "
                              "| paste -sd ' '"),
              "660:0:274 600:0:0");
    EXPECT_EQ(output(machine, "systemctl show --property=Environment --value systemd-networkd"),
              "SYSTEMD_NETLINK_DEFAULT_TIMEOUT=infinity");
}

} // namespace holdfast::vm
