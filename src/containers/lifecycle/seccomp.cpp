#include "containers/lifecycle/seccomp.hpp"

#include <array>
#include <cerrno>
#include <map>
#include <sched.h>
#include <string_view>
#include <sys/socket.h>
#include <vector>

namespace holdfast::containers {

namespace {

/// Made from the kernel's headers by syscall_names.cmake, sorted.
constexpr std::string_view known_calls[] = {
#include "syscall_names.inc"
};

constexpr std::string_view never = "";

/// A call that needs a capability (any of several rows) or is `never` allowed. Everything else
/// that the kernel offers is either harmless or checked by the kernel itself.
struct Guarded {
    std::string_view call;
    std::string_view capability;
};

constexpr Guarded guarded_calls[] = {
    // The whole machine: kernel images, modules, time, reboot, swap, accounting.
    {"kexec_load", never},
    {"kexec_file_load", never},
    {"swapon", never},
    {"swapoff", never},
    {"init_module", "CAP_SYS_MODULE"},
    {"finit_module", "CAP_SYS_MODULE"},
    {"delete_module", "CAP_SYS_MODULE"},
    {"reboot", "CAP_SYS_BOOT"},
    {"acct", "CAP_SYS_PACCT"},
    {"clock_settime", "CAP_SYS_TIME"},
    {"clock_settime64", "CAP_SYS_TIME"},
    {"settimeofday", "CAP_SYS_TIME"},
    {"stime", "CAP_SYS_TIME"},
    {"iopl", "CAP_SYS_RAWIO"},
    {"ioperm", "CAP_SYS_RAWIO"},
    {"vhangup", "CAP_SYS_TTY_CONFIG"},
    {"syslog", "CAP_SYSLOG"},
    {"syslog", "CAP_SYS_ADMIN"},
    // Keys are not split by namespace.
    {"add_key", never},
    {"keyctl", never},
    {"request_key", never},
    // Mounts and namespaces.
    {"mount", "CAP_SYS_ADMIN"},
    {"umount", "CAP_SYS_ADMIN"},
    {"umount2", "CAP_SYS_ADMIN"},
    {"fsconfig", "CAP_SYS_ADMIN"},
    {"fsmount", "CAP_SYS_ADMIN"},
    {"fsopen", "CAP_SYS_ADMIN"},
    {"fspick", "CAP_SYS_ADMIN"},
    {"mount_setattr", "CAP_SYS_ADMIN"},
    {"move_mount", "CAP_SYS_ADMIN"},
    {"open_tree", "CAP_SYS_ADMIN"},
    {"listmount", "CAP_SYS_ADMIN"},
    {"statmount", "CAP_SYS_ADMIN"},
    {"pivot_root", never},
    {"chroot", "CAP_SYS_CHROOT"},
    {"setns", "CAP_SYS_ADMIN"},
    {"unshare", "CAP_SYS_ADMIN"},
    {"sethostname", "CAP_SYS_ADMIN"},
    {"setdomainname", "CAP_SYS_ADMIN"},
    {"open_by_handle_at", "CAP_DAC_READ_SEARCH"},
    {"quotactl", "CAP_SYS_ADMIN"},
    {"quotactl_fd", "CAP_SYS_ADMIN"},
    {"fanotify_init", "CAP_SYS_ADMIN"},
    {"lookup_dcookie", "CAP_SYS_ADMIN"},
    // Programs inside the kernel, and faults handled by the caller.
    {"bpf", "CAP_BPF"},
    {"bpf", "CAP_SYS_ADMIN"},
    {"perf_event_open", "CAP_PERFMON"},
    {"perf_event_open", "CAP_SYS_ADMIN"},
    {"userfaultfd", never},
    {"io_uring_enter", never},
    {"io_uring_register", never},
    {"io_uring_setup", never},
    // Other processes. ptrace and process_vm_* are checked by the kernel.
    {"kcmp", "CAP_SYS_PTRACE"},
    {"pidfd_getfd", "CAP_SYS_PTRACE"},
    {"process_madvise", "CAP_SYS_PTRACE"},
    // Memory placement.
    {"get_mempolicy", "CAP_SYS_NICE"},
    {"set_mempolicy", "CAP_SYS_NICE"},
    {"set_mempolicy_home_node", "CAP_SYS_NICE"},
    {"mbind", "CAP_SYS_NICE"},
    {"migrate_pages", "CAP_SYS_NICE"},
    {"move_pages", "CAP_SYS_NICE"},
    // Leftovers of old kernels, which no program needs.
    {"_sysctl", never},
    {"sysfs", never},
    {"ustat", never},
    {"uselib", never},
    {"nfsservctl", never},
    {"vm86", never},
    {"vm86old", never},
    {"afs_syscall", never},
    {"break", never},
    {"create_module", never},
    {"ftime", never},
    {"get_kernel_syms", never},
    {"getpmsg", never},
    {"gtty", never},
    {"lock", never},
    {"mpx", never},
    {"prof", never},
    {"profil", never},
    {"putpmsg", never},
    {"query_module", never},
    {"security", never},
    {"stty", never},
    {"tuxcall", never},
    {"ulimit", never},
    {"vserver", never},
    {"bdflush", never},
    // Allowed below, with conditions on their arguments.
    {"clone", "CAP_SYS_ADMIN"},
    {"clone3", "CAP_SYS_ADMIN"},
    {"personality", never},
    {"socket", never},
};

Json allow(Json names)
{
    return {{"names", std::move(names)}, {"action", "SCMP_ACT_ALLOW"}};
}

Json allow_if(const char* name, unsigned index, std::uint64_t value, const char* relation)
{
    auto rule = allow(Json::array({name}));
    rule["args"] = Json::array({{{"index", index}, {"value", value}, {"op", relation}}});
    return rule;
}

bool is_allowed(std::string_view call, const std::set<std::string>& capabilities)
{
    bool guarded = false;
    for (const auto& row : guarded_calls) {
        if (row.call == call) {
            guarded = true;
            if (row.capability != never && capabilities.contains(std::string(row.capability))) {
                return true;
            }
        }
    }
    return !guarded;
}

#if defined(__x86_64__)
constexpr std::array architectures{"SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"};
#else
constexpr std::array architectures{"SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"};
#endif

} // namespace

Json seccomp_profile(const std::set<std::string>& capabilities, const std::set<std::string>& extra)
{
    Json names = Json::array();
    for (const auto call : known_calls) {
        if (is_allowed(call, capabilities) || extra.contains(std::string(call))) {
            names.push_back(call);
        }
    }
    Json rules = Json::array({allow(std::move(names))});
    // A VM's other end is no business of a container.
    rules.push_back(allow_if("socket", 0, AF_VSOCK, "SCMP_CMP_NE"));
    // The default personality, 32 bits, asking; nothing that switches address randomisation off.
    for (const std::uint64_t personality : {0x0U, 0x8U, 0x20000U, 0x20008U, 0xffffffffU}) {
        rules.push_back(allow_if("personality", 0, personality, "SCMP_CMP_EQ"));
    }
    if (!capabilities.contains("CAP_SYS_ADMIN")) {
        // New processes and threads, but no new namespaces.
        constexpr std::uint64_t namespaces = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC |
                                             CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET |
                                             CLONE_NEWCGROUP;
        auto clone = allow_if("clone", 0, namespaces, "SCMP_CMP_MASKED_EQ");
        clone["args"][0]["valueTwo"] = 0;
        rules.push_back(std::move(clone));
        // Its flags lie behind a pointer, where no filter sees them. ENOSYS makes the C library
        // fall back to clone.
        rules.push_back({{"names", Json::array({"clone3"})},
                         {"action", "SCMP_ACT_ERRNO"},
                         {"errnoRet", ENOSYS}});
    }
    return {{"defaultAction", "SCMP_ACT_ERRNO"},
            {"architectures", architectures},
            {"syscalls", std::move(rules)}};
}

} // namespace holdfast::containers
