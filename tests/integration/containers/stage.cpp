#include "stage.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <format>
#include <fstream>
#include <net/if.h>
#include <sched.h>
#include <spawn.h>
#include <sstream>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

extern char** environ;

namespace holdfast::stage {

namespace {

Result<void> mounted(const char* type, const char* source, const std::filesystem::path& target,
                     unsigned long flags, const std::string& options)
{
    std::filesystem::create_directories(target);
    if (::mount(source, target.c_str(), type, flags, options.c_str()) != 0) {
        return fail_errno(std::format("mounting {} on {}", type, target.native()), errno);
    }
    return {};
}

/// The SDK tree as the lower layer of a root that may be written to and that is a mount: the
/// runtime pivots its root, which a plain folder entered by chroot does not allow.
Result<void> change_root()
{
    const std::filesystem::path base = "/run/stage";
    for (const char* folder : {"upper", "work", "root"}) {
        std::filesystem::create_directories(base / folder);
    }
    const auto root = base / "root";
    TRY(mounted("overlay", "overlay", root, 0,
                std::format("lowerdir=/,upperdir={},workdir={}", (base / "upper").native(),
                            (base / "work").native())));
    for (const std::string folder : {"/proc", "/sys", "/dev", "/tmp", "/src/holdfast"}) {
        TRY(mounted(nullptr, folder.c_str(), root.native() + folder, MS_BIND | MS_REC, ""));
    }
    if (::chdir(root.c_str()) != 0 || ::chroot(".") != 0 || ::chdir("/") != 0) {
        return fail_errno("changing root", errno);
    }
    return {};
}

void bring_up_loopback()
{
    const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ifreq request{};
    std::strcpy(request.ifr_name, "lo");
    request.ifr_flags = IFF_UP;
    ::ioctl(fd, SIOCSIFFLAGS, &request);
    ::close(fd);
}

} // namespace

Result<void> enter()
{
    if (::geteuid() != 0) {
        return fail(Errc::unsupported, "needs root");
    }
    const auto here = std::filesystem::current_path();
    if (::unshare(CLONE_NEWNS | CLONE_NEWNET) != 0) {
        return fail_errno("making namespaces", errno);
    }
    // In the SDK tree the root is no mount, and all mounts are private already.
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 && errno != EINVAL) {
        return fail_errno("making mounts private", errno);
    }
    bring_up_loopback();
    TRY(mounted("tmpfs", "tmpfs", "/run", 0, "mode=755"));
    TRY(change_root());
    for (const char* folder : {"/run", "/local", "/var/lib/host-containerd"}) {
        TRY(mounted("tmpfs", "tmpfs", folder, 0, "mode=755"));
    }
    // As on the machine, whatever mixture of versions the workstation has.
    TRY(mounted("cgroup2", "cgroup2", "/sys/fs/cgroup", 0, ""));
    for (const char* folder : {"/var/log/support", "/usr/share/holdfast/images", "/usr/lib/modules",
                               "/etc/host-containers", "/run/netdog"}) {
        std::filesystem::create_directories(folder);
    }
    for (const char* file :
         {"/run/api.sock", "/usr/bin/apiclient", "/usr/bin/kmod", "/etc/hosts",
          "/run/netdog/resolv.conf", "/usr/share/holdfast/application-inventory.json"}) {
        std::ofstream(file, std::ios::app);
    }
    std::filesystem::remove("/etc/resolv.conf");
    std::filesystem::create_symlink("../run/netdog/resolv.conf", "/etc/resolv.conf");
    std::filesystem::current_path(here);
    return {};
}

Result<std::unique_ptr<Daemon>> Daemon::start(std::vector<std::string> arguments,
                                              std::map<std::string, std::string> environment,
                                              const std::filesystem::path& log)
{
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log.c_str(),
                                       O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0644);
    ::posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
    std::vector<std::string> lines;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        lines.emplace_back(*entry);
    }
    for (const auto& [key, value] : environment) {
        lines.push_back(key + "=" + value);
    }
    const auto pointers = [](std::vector<std::string>& texts) {
        std::vector<char*> list;
        for (auto& text : texts) {
            list.push_back(text.data());
        }
        list.push_back(nullptr);
        return list;
    };
    pid_t pid = 0;
    const int problem =
        ::posix_spawnp(&pid, arguments.front().c_str(), &actions, nullptr,
                       pointers(arguments).data(), pointers(lines).data());
    ::posix_spawn_file_actions_destroy(&actions);
    if (problem != 0) {
        return fail_errno("starting " + arguments.front(), problem);
    }
    return std::unique_ptr<Daemon>(new Daemon(pid, log));
}

Daemon::~Daemon()
{
    if (pid_ > 0) {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
}

void Daemon::signal(int number) const
{
    if (pid_ > 0) {
        ::kill(pid_, number);
    }
}

int Daemon::wait(std::chrono::milliseconds limit)
{
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (std::chrono::steady_clock::now() < deadline) {
        int status = 0;
        if (::waitpid(pid_, &status, WNOHANG) == pid_) {
            pid_ = -1;
            return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        }
        std::this_thread::sleep_for(std::chrono::milliseconds{20});
    }
    return -1;
}

std::string Daemon::output() const
{
    return read_file(log_);
}

bool Daemon::says(const std::string& text, std::chrono::milliseconds limit) const
{
    const auto deadline = std::chrono::steady_clock::now() + limit;
    do {
        if (output().contains(text)) {
            return true;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds{20});
    } while (std::chrono::steady_clock::now() < deadline);
    return false;
}

long resident_kib(pid_t pid)
{
    std::istringstream status(read_file(std::format("/proc/{}/status", pid)));
    std::string word;
    while (status >> word) {
        if (word == "VmRSS:") {
            long kib = 0;
            status >> kib;
            return kib;
        }
    }
    return -1;
}

std::string program_name(pid_t pid)
{
    auto name = read_file(std::format("/proc/{}/comm", pid));
    return name.substr(0, name.find('\n'));
}

void write_file(const std::filesystem::path& path, const std::string& text)
{
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
}

std::string read_file(const std::filesystem::path& path)
{
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

} // namespace holdfast::stage
