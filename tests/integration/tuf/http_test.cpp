// The HTTP client against a server with bad habits.

#include "stage.hpp"

#include "io/curl/curl_http_client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

class Http : public ::testing::Test {
protected:
    void SetUp() override
    {
        for (std::size_t byte = 0; byte < 3'000'000; ++byte) {
            content += static_cast<char>(byte * 7 % 251);
        }
        ASSERT_TRUE(io::replace_file(files, folder.path() / "x", content).has_value());
        server = std::make_unique<stage::Server>(folder.path());
        client = *io::CurlHttpClient::create(clock, {});
    }

    Result<io::HttpReply> fetch(io::HttpFetch request)
    {
        got.clear();
        if (request.most_bytes == 0) {
            request.most_bytes = content.size();
        }
        return client->fetch(request, [this](std::span<const std::byte> bytes) -> Result<void> {
            got.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
            return {};
        });
    }
    Errc problem(io::HttpFetch request)
    {
        const auto reply = fetch(std::move(request));
        return reply.has_value() ? Errc::internal : reply.error().code();
    }

    stage::Folder folder;
    io::PosixFiles files;
    io::PosixClock clock;
    std::string content;
    std::unique_ptr<stage::Server> server;
    std::unique_ptr<io::CurlHttpClient> client;
    std::string got;
};

TEST_F(Http, GetsWholeFilesFromServersOfEveryKind)
{
    for (const auto* habit : {"plain", "ranges", "broken", "broken-ranges", "busy", "redirect"}) {
        const auto reply = fetch({.url = server->url(habit, "x")});
        ASSERT_TRUE(reply.has_value()) << habit << ": " << reply.error().message();
        EXPECT_EQ(got, content) << habit;
        EXPECT_EQ(reply->body_bytes, content.size());
        EXPECT_GT(reply->wire_bytes, content.size());
    }
}

TEST_F(Http, GoesOnWhereTheServerTakesRanges)
{
    const auto resumed = fetch({.url = server->url("broken-ranges", "x")});
    const auto repeated = fetch({.url = server->url("broken", "x")});
    EXPECT_LT(resumed->wire_bytes, content.size() + 10'000);
    EXPECT_GT(repeated->wire_bytes, content.size() * 5 / 4);
}

TEST_F(Http, GetsParts)
{
    const io::ByteRange range{1000, 5000};
    const auto reply =
        fetch({.url = server->url("ranges", "x"), .range = range, .most_bytes = 5000});
    ASSERT_TRUE(reply.has_value()) << reply.error().message();
    EXPECT_EQ(got, content.substr(1000, 5000));
    EXPECT_LT(reply->wire_bytes, 7000U);
    EXPECT_EQ(problem({.url = server->url("plain", "x"), .range = range}), Errc::unsupported);
    EXPECT_TRUE(got.empty());
}

TEST_F(Http, ReadsFiles)
{
    const auto url = "file://" + (folder.path() / "x").native();
    const auto reply = fetch({.url = url});
    ASSERT_TRUE(reply.has_value()) << reply.error().message();
    EXPECT_EQ(got, content);
    EXPECT_EQ(reply->wire_bytes, 0U);
    EXPECT_TRUE(fetch({.url = url, .range = io::ByteRange{10, 20}}).has_value());
    EXPECT_EQ(got, content.substr(10, 20));
    EXPECT_EQ(problem({.url = url + "y"}), Errc::not_found);
}

TEST_F(Http, TellsFailuresApart)
{
    EXPECT_EQ(problem({.url = server->url("plain", "y")}), Errc::not_found);
    EXPECT_EQ(problem({.url = server->url("forbidden", "x")}), Errc::not_found);
    EXPECT_TRUE(got.empty()) << "the page of an error is no content";
    EXPECT_EQ(problem({.url = server->url("loop", "x")}), Errc::io);
    EXPECT_EQ(problem({.url = "http://127.0.0.1:1/x"}), Errc::io);
    EXPECT_EQ(problem({.url = "gopher://127.0.0.1/x"}), Errc::invalid);
    EXPECT_EQ(problem({.url = "nothing"}), Errc::invalid);
}

TEST_F(Http, TriesFourTimes)
{
    const auto start = clock.monotonic_now();
    const auto reply = fetch({.url = server->url("down", "x")});
    EXPECT_EQ(reply.error().code(), Errc::io);
    EXPECT_TRUE(reply.error().message().contains("4 tries")) << reply.error().message();
    EXPECT_GE(clock.monotonic_now() - start, 100ms + 150ms + 225ms);
}

TEST_F(Http, HoldsCapAndDeadline)
{
    EXPECT_EQ(problem({.url = server->url("plain", "x"), .most_bytes = 1000}), Errc::too_large);
    EXPECT_EQ(problem({.url = server->url("endless", "x")}), Errc::too_large);
    EXPECT_LE(got.size(), content.size());
    const auto start = clock.monotonic_now();
    const auto slow = fetch({.url = server->url("slow", "x"), .deadline = 1500ms});
    EXPECT_LT(clock.monotonic_now() - start, 10s);
    ASSERT_FALSE(slow.has_value());
    EXPECT_EQ(slow.error().code(), Errc::timeout);
    // What people read in the status of an update.
    EXPECT_THAT(slow.error().message(),
                MatchesRegex("http://.*/slow/x: not fetched within 2s; [12] bytes came: "
                             "the server is too slow, or the way to it"));
}

TEST_F(Http, DoesNotWaitForEverForASlowServer)
{
    client = *io::CurlHttpClient::create(
        clock, {.lowest_bytes_per_second = 100, .slow_time = std::chrono::seconds(1), .tries = 1});
    const auto slow = fetch({.url = server->url("slow", "x"), .deadline = 60s});
    ASSERT_FALSE(slow.has_value());
    EXPECT_EQ(slow.error().code(), Errc::io);
    EXPECT_THAT(slow.error().message(), HasSubstr("Operation too slow. Less than 100 bytes/sec"));
}

TEST_F(Http, GoesThroughAProxyUnlessToldOtherwise)
{
    client = *io::CurlHttpClient::create(clock, {.proxy = "http://127.0.0.1:1", .tries = 1});
    EXPECT_EQ(problem({.url = server->url("plain", "x")}), Errc::io);
    client = *io::CurlHttpClient::create(
        clock, {.proxy = "http://127.0.0.1:1", .no_proxy = {"127.0.0.1"}, .tries = 1});
    EXPECT_TRUE(fetch({.url = server->url("plain", "x")}).has_value());
}

} // namespace
} // namespace holdfast
