#include "machine/web_server.hpp"

#include "io/posix/posix_sockets.hpp"
#include "io/posix/posix_system.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <sys/wait.h>
#include <unistd.h>

namespace holdfast::machine {
namespace {

using ::testing::HasSubstr;

TEST(NginxConfiguration, KeepsAnOddNameOneWord)
{
    const auto text = nginx_configuration({.folder = "/a folder; }", .work = "/work", .port = 80});
    ASSERT_TRUE(text.has_value());
    EXPECT_THAT(*text, HasSubstr("root \"/a folder; }\";"));
    for (const auto* name : {"/a\"b", "/a\\b", "/a$b", "/a\nb"}) {
        const auto refused = nginx_configuration({.folder = name, .work = "/work"});
        ASSERT_FALSE(refused.has_value()) << name;
        EXPECT_EQ(refused.error().code(), Errc::invalid);
    }
}

/// A child that starts a server in the folder, writes its URL to the pipe, and waits to be killed.
[[noreturn]] void start_and_wait(const std::filesystem::path& folder, int pipe)
{
    auto server = WebServer::start(folder, folder / "work");
    const auto url = server.has_value() ? server->url() : "";
    if (::write(pipe, url.data(), url.size()) < 0 || url.empty()) {
        ::_exit(1);
    }
    for (;;) {
        ::pause();
    }
}

bool answers(const std::string& url)
{
    io::PosixProcesses processes;
    const auto asked = processes.run(
        {.arguments = {"curl", "--silent", "--output", "/dev/null", url + "/"}});
    return asked.has_value() && asked->exit_status == 0;
}

TEST(WebServer, EndsWithAStarterThatIsKilled)
{
    std::string pattern = testing::TempDir() + "holdfast-web-XXXXXX";
    const std::filesystem::path folder = ::mkdtemp(pattern.data());
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const auto child = ::fork();
    if (child == 0) {
        start_and_wait(folder, ends[1]);
    }
    ::close(ends[1]);
    std::string url(100, '\0');
    const auto length = ::read(ends[0], url.data(), url.size());
    ::close(ends[0]);
    ASSERT_GT(length, 0);
    url.resize(static_cast<std::size_t>(length));
    EXPECT_TRUE(answers(url));
    ASSERT_EQ(::kill(child, SIGKILL), 0);
    ASSERT_EQ(::waitpid(child, nullptr, 0), child);
    io::PosixClock clock;
    for (int tries = 0; tries < 50 && answers(url); ++tries) {
        clock.sleep(std::chrono::milliseconds(100));
    }
    EXPECT_FALSE(answers(url));
    std::filesystem::remove_all(folder);
}

} // namespace
} // namespace holdfast::machine
