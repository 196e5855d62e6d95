// What the integration tests run inside of containers: static, one mode per argument.

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <unistd.h>

namespace {

volatile std::sig_atomic_t asked = 0;

void note(int /*signal*/)
{
    asked = 1;
}

/// The lines of a file that start with one of the words.
void show(const char* path, const char* word)
{
    std::FILE* file = std::fopen(path, "r");
    if (file == nullptr) {
        std::printf("%s: missing\n", path);
        return;
    }
    char line[512];
    while (std::fgets(line, sizeof line, file) != nullptr) {
        if (std::strncmp(line, word, std::strlen(word)) == 0) {
            std::fputs(line, stdout);
        }
    }
    std::fclose(file);
}

void report()
{
    for (const char* key : {"CapEff", "NoNewPrivs", "Seccomp:"}) {
        show("/proc/self/status", key);
    }
    std::printf("pid %d\n", static_cast<int>(::getpid()));
    for (const char* name : {"HTTPS_PROXY", "FROM_IMAGE", "PATH"}) {
        const char* value = std::getenv(name);
        std::printf("%s=%s\n", name, value == nullptr ? "" : value);
    }
    for (const char* path :
         {"/run/api.sock", "/usr/local/bin/apiclient", "/.bottlerocket/rootfs/etc/os-release",
          "/etc/bottlerocket-release"}) {
        std::printf("%s %s\n", path, ::access(path, F_OK) == 0 ? "there" : "not there");
    }
    std::printf("release %s\n", ::access("/etc/bottlerocket-release", W_OK) == 0 ? "rw" : "ro");
    show("/.bottlerocket/host-containers/current/user-data", "");
    std::fputs("this is an error\n", stderr);
}

} // namespace

int main(int argc, char** argv)
{
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
    const std::string mode = argc > 1 ? argv[1] : "";
    if (mode == "report") {
        report();
        return 0;
    }
    if (mode == "exit") {
        std::puts("leaving");
        return argc > 2 ? std::atoi(argv[2]) : 1;
    }
    struct sigaction action{};
    action.sa_handler = mode == "stubborn" ? SIG_IGN : note;
    ::sigaction(SIGTERM, &action, nullptr);
    std::puts("workload: up");
    for (int tick = 0; asked == 0; ++tick) {
        ::usleep(100'000);
        if (mode == "tick") {
            std::printf("tick %d\n", tick);
        }
        if (mode == "resolve") {
            show("/etc/hosts", "192.0.2.");
            show("/etc/resolv.conf", "nameserver 192.0.2.");
        }
    }
    std::puts("workload: bye");
    return 0;
}
