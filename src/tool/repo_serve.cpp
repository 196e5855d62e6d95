#include "tool/repo_serve.hpp"

#include "io/files.hpp"
#include "io/posix/posix_system.hpp"
#include "machine/web_server.hpp"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <sys/prctl.h>
#include <unistd.h>

namespace holdfast::tool {

Result<int> serve_folder(const std::filesystem::path& folder, std::uint16_t port)
{
    io::PosixFiles posix;
    io::Files& files = posix;
    const std::filesystem::path work = std::format("/tmp/holdfast-repo-{}", port);
    TRY_ASSIGN(const auto text, machine::nginx_configuration({.folder = folder,
                                                              .work = work,
                                                              .port = port,
                                                              .logs_to_terminal = true}));
    TRY(files.create_directories(work));
    TRY(io::replace_file(files, work / "nginx.conf", text));
    std::printf("http://127.0.0.1:%u/\n", static_cast<unsigned>(port));
    std::fflush(nullptr);
    // `./holdfast` waits for us in a shell; nginx must not outlive that one when it is killed.
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    ::execlp("nginx", "nginx", "-e", "stderr", "-p", work.c_str(), "-c",
             (work / "nginx.conf").c_str(), nullptr);
    return fail_errno("starting nginx", errno);
}

} // namespace holdfast::tool
