#include "io/posix/posix_sockets.hpp"

#include "io/posix/posix_network.hpp"
#include "io/posix/unique_fd.hpp"

#include <gmock/gmock.h>

#include <array>
#include <filesystem>
#include <sys/socket.h>
#include <sys/un.h>
#include <thread>

namespace holdfast::io {
namespace {

using namespace std::chrono_literals;

/// A server's end of a Unix socket.
class SocketsTest : public testing::Test {
protected:
    SocketsTest()
    {
        std::string pattern = testing::TempDir() + "holdfast-sockets-XXXXXX";
        directory_ = ::mkdtemp(pattern.data());
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path().native().copy(address.sun_path, sizeof address.sun_path - 1);
        EXPECT_EQ(
            ::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
            0);
        EXPECT_EQ(::listen(listener_.get(), 8), 0);
    }
    ~SocketsTest() override { std::filesystem::remove_all(directory_); }

    std::filesystem::path path() const { return directory_ / "socket"; }
    UniqueFd accept() { return UniqueFd(::accept(listener_.get(), nullptr, nullptr)); }

    PosixSockets sockets_;
    PosixNetwork network_;

private:
    std::filesystem::path directory_;
    UniqueFd listener_{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
};

TEST_F(SocketsTest, ReadsWhatComesUntilTheEnd)
{
    const auto stream = sockets_.connect_local(path());
    ASSERT_TRUE(stream.has_value()) << stream.error().message();
    auto other = accept();
    ASSERT_EQ(::send(other.get(), "hello", 5, 0), 5);
    EXPECT_EQ((*stream)->read_some(10s).value_or("nothing"), "hello");
    const auto silent = (*stream)->read_some(1ms);
    ASSERT_FALSE(silent.has_value());
    EXPECT_EQ(silent.error().code(), Errc::timeout);
    other.reset();
    EXPECT_EQ((*stream)->read_some(10s).value_or("nothing"), "");
}

TEST_F(SocketsTest, WritesMoreThanTheOtherSideTakesAtOnce)
{
    const auto stream = network_.connect_local(path(), 20s);
    ASSERT_TRUE(stream.has_value()) << stream.error().message();
    const auto other = accept();
    const std::string much(4U << 20, 'x');
    std::jthread writer([&] { EXPECT_TRUE((*stream)->write_all(much).has_value()); });
    std::string taken;
    std::array<char, 65536> bytes{};
    while (taken.size() < much.size()) {
        const auto count = ::recv(other.get(), bytes.data(), bytes.size(), 0);
        ASSERT_GT(count, 0);
        taken.append(bytes.data(), static_cast<std::size_t>(count));
    }
    writer.join();
    EXPECT_EQ(taken, much);
}

TEST_F(SocketsTest, AShutDownEndsTheWaitOfAnotherThread)
{
    const auto stream = network_.connect_local(path(), 10min);
    ASSERT_TRUE(stream.has_value()) << stream.error().message();
    const auto other = accept();
    std::jthread reader([&] {
        std::array<char, 1> byte{};
        EXPECT_EQ((*stream)->read_some(byte).value_or(1U), 0U);
    });
    (*stream)->shut_down();
    reader.join();
    EXPECT_FALSE((*stream)->write_all("x").has_value());
}

TEST_F(SocketsTest, NobodyAtThePathIsNotFoundForBothClients)
{
    const auto none = path().parent_path() / "none";
    const auto stream = sockets_.connect_local(none);
    ASSERT_FALSE(stream.has_value());
    EXPECT_EQ(stream.error().code(), Errc::not_found);
    const auto conversation = network_.connect_local(none, 1s);
    ASSERT_FALSE(conversation.has_value());
    EXPECT_EQ(conversation.error().code(), Errc::not_found);
    const auto too_long = sockets_.connect_local("/" + std::string(200, 'x'));
    ASSERT_FALSE(too_long.has_value());
    EXPECT_EQ(too_long.error().code(), Errc::invalid);
}

} // namespace
} // namespace holdfast::io
