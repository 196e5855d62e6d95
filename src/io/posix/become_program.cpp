#include "io/posix/become_program.hpp"

#include <cerrno>
#include <csignal>
#include <format>
#include <unistd.h>

namespace holdfast::io {

Result<void> become_program(const std::vector<std::string>& arguments,
                            const std::filesystem::path& directory)
{
    check(!arguments.empty(), "a command has a program");
    auto words = arguments;
    std::vector<char*> pointers;
    for (auto& word : words) {
        pointers.push_back(word.data());
    }
    pointers.push_back(nullptr);
    if (::chdir(directory.c_str()) != 0) {
        return fail_errno(std::format("entering {}", directory.native()), errno);
    }
    // run_program ignores SIGPIPE, and an ignored signal stays ignored over exec.
    std::signal(SIGPIPE, SIG_DFL);
    ::execvp(pointers.front(), pointers.data());
    return fail_errno(std::format("starting {}", arguments.front()), errno);
}

} // namespace holdfast::io
