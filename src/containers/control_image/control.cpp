// The first process of the control container: says that the container is up, adopts and reaps what
// others leave behind, and ends on SIGTERM. People work in the container through `apiclient exec`.
// Static, so that the image needs no C library.

#include <array>
#include <cerrno>
#include <csignal>
#include <string_view>
#include <sys/wait.h>
#include <unistd.h>

namespace {

void say(std::string_view text)
{
    (void)!::write(STDOUT_FILENO, text.data(), text.size());
}

} // namespace

int main()
{
    sigset_t awaited;
    ::sigemptyset(&awaited);
    for (const int signal : {SIGTERM, SIGINT, SIGCHLD}) {
        ::sigaddset(&awaited, signal);
    }
    ::sigprocmask(SIG_BLOCK, &awaited, nullptr);
    say("control: the container is up\n");
    for (;;) {
        const int signal = ::sigwaitinfo(&awaited, nullptr);
        if (signal == SIGTERM || signal == SIGINT) {
            say("control: asked to end\n");
            return 0;
        }
        while (::waitpid(-1, nullptr, WNOHANG) > 0) {
        }
    }
}
