#include "api/server/http_server.hpp"

#include "io/posix/unique_fd.hpp"
#include "io/testing/fake_clock.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <thread>

namespace holdfast::api {

namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

io::UniqueFd connect_to(const std::filesystem::path& path)
{
    io::UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.native().copy(address.sun_path, sizeof address.sun_path - 1);
    const timeval limit{20, 0};
    ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        fd.reset();
    }
    return fd;
}

void send_text(const io::UniqueFd& fd, std::string_view text)
{
    while (!text.empty()) {
        const auto sent = ::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL);
        if (sent <= 0) {
            return;
        }
        text.remove_prefix(static_cast<std::size_t>(sent));
    }
}

std::string receive_all(const io::UniqueFd& fd)
{
    std::string reply;
    char buffer[4096];
    for (;;) {
        const auto count = ::recv(fd.get(), buffer, sizeof buffer, 0);
        if (count <= 0) {
            return reply;
        }
        reply.append(buffer, static_cast<std::size_t>(count));
    }
}

class HttpServerTest : public testing::Test {
protected:
    HttpServerTest()
    {
        std::string pattern = testing::TempDir() + "holdfast-http-XXXXXX";
        directory_ = ::mkdtemp(pattern.data());
        router_.add("GET", "/hello", [](const Request& request) -> Result<Response> {
            return Response{200, "text/plain", "hello " + request.caller.name()};
        });
        router_.add("GET", "/socket", [](const Request& request) -> Result<Response> {
            const bool is_common = request.caller.socket == LocalSocket::common;
            return Response{200, "text/plain", is_common ? "common" : "services"};
        });
        router_.add("POST", "/echo", [](const Request& request) -> Result<Response> {
            return Response{200, request.content_type, request.body};
        });
        router_.add("GET", "/broken", [](const Request&) -> Result<Response> {
            return fail(Errc::no_changes, "nothing there");
        });
        EXPECT_TRUE(server_.listen({socket(), std::nullopt}).has_value());
        EXPECT_TRUE(server_.listen({services_socket(), std::nullopt, LocalSocket::services}));
        thread_ = std::thread([this] { server_.run(); });
    }
    ~HttpServerTest() override
    {
        server_.stop();
        thread_.join();
        std::filesystem::remove_all(directory_);
    }

    std::filesystem::path socket() const { return directory_ / "api.sock"; }

    std::filesystem::path services_socket() const { return directory_ / "services.sock"; }

    std::string ask(std::string_view text) { return ask_at(socket(), text); }
    static std::string ask_at(const std::filesystem::path& path, std::string_view text)
    {
        const auto fd = connect_to(path);
        send_text(fd, text);
        return receive_all(fd);
    }

    std::filesystem::path directory_;
    Router router_;
    io::FakeClock clock_;
    HttpServer server_{router_, clock_, {.body = 1000}};
    std::thread thread_;
};

constexpr std::string_view get_hello =
    "GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

TEST_F(HttpServerTest, TellsHandlersTheUserOfTheOtherEnd)
{
    const auto reply = ask(get_hello);
    EXPECT_THAT(reply, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(reply, EndsWith("\r\n\r\nhello uid=" + std::to_string(::getuid())));
}

TEST_F(HttpServerTest, TellsHandlersTheSocketThatACallerHasComeBy)
{
    const auto question = "GET /socket HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    EXPECT_THAT(ask(question), EndsWith("\r\n\r\ncommon"));
    EXPECT_THAT(ask_at(services_socket(), question), EndsWith("\r\n\r\nservices"));
}

TEST_F(HttpServerTest, SocketIsForOwnerAndGroupOnly)
{
    struct stat status{};
    ASSERT_EQ(::stat(socket().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777U, 0660U);
}

TEST_F(HttpServerTest, ServesSeveralRequestsOnOneConnection)
{
    const auto reply = ask("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n"
                           "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: a/b\r\n"
                           "Content-Length: 3\r\nConnection: close\r\n\r\nabc");
    EXPECT_THAT(reply, HasSubstr("hello uid="));
    EXPECT_THAT(reply, HasSubstr("Content-Type: a/b\r\n"));
    EXPECT_THAT(reply, EndsWith("\r\n\r\nabc"));
}

TEST_F(HttpServerTest, ErrorsBecomeStatusAndPlainText)
{
    const auto reply = ask("GET /broken HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    EXPECT_THAT(reply, StartsWith("HTTP/1.1 422 "));
    EXPECT_THAT(reply, HasSubstr("text/plain"));
    EXPECT_THAT(reply, EndsWith("nothing there"));
    EXPECT_THAT(ask("GET /other HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
                StartsWith("HTTP/1.1 404 "));
    EXPECT_THAT(ask("GET /hello/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
                StartsWith("HTTP/1.1 404 "));
    EXPECT_THAT(ask("PUT /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
                StartsWith("HTTP/1.1 404 "));
}

TEST_F(HttpServerTest, RefusesBodiesOverTheLimit)
{
    EXPECT_THAT(ask("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n" +
                    std::string(1001, 'x')),
                StartsWith("HTTP/1.1 413 "));
    EXPECT_THAT(ask("POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: "
                    "1000\r\n\r\n" +
                    std::string(1000, 'x')),
                StartsWith("HTTP/1.1 200 "));
}

TEST_F(HttpServerTest, RefusesWhatIsNotHttp)
{
    EXPECT_THAT(ask("\x16\x03\x01 nonsense\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
    EXPECT_THAT(ask("GET /%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
                StartsWith("HTTP/1.1 400 "));
}

TEST_F(HttpServerTest, AThousandReadersAtOnceAreAllAnswered)
{
    std::vector<io::UniqueFd> readers;
    for (int i = 0; i < 1000; ++i) {
        readers.push_back(connect_to(socket()));
        ASSERT_TRUE(static_cast<bool>(readers.back())) << i;
    }
    for (const auto& reader : readers) {
        send_text(reader, get_hello);
    }
    for (const auto& reader : readers) {
        ASSERT_THAT(receive_all(reader), HasSubstr("hello uid="));
    }
}

} // namespace

} // namespace holdfast::api
