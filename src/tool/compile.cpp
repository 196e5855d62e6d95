#include "tool/compile.hpp"

#include "tool/verbs.hpp"

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <sys/wait.h>
#include <unistd.h>

namespace holdfast::tool {

Result<int> run_here(const std::vector<std::string>& arguments)
{
    std::fflush(nullptr);
    const auto pid = ::fork();
    if (pid < 0) {
        return fail_errno("starting a program", errno);
    }
    if (pid == 0) {
        std::vector<char*> pointers;
        for (const auto& argument : arguments) {
            pointers.push_back(const_cast<char*>(argument.c_str()));
        }
        pointers.push_back(nullptr);
        ::execvp(pointers[0], pointers.data());
        ::_exit(127);
    }
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

Result<int> compile(const std::string& preset, const std::string& target)
{
    const auto folder = std::string(checkout) + "/build/" + preset;
    if (!std::filesystem::exists(folder + "/build.ninja")) {
        TRY_ASSIGN(const int configured, run_here({"cmake", "--preset", preset}));
        if (configured != 0) {
            return configured;
        }
    }
    return run_here({std::string(checkout) + "/cmake/ninja", "-C", folder, target});
}

} // namespace holdfast::tool
