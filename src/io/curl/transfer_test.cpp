#include "io/curl/transfer.hpp"

#include <gtest/gtest.h>

namespace holdfast::io {
namespace {

/// A transfer whose sink collects text.
struct Fetching {
    explicit Fetching(HttpFetch asked) : request(std::move(asked)) {}

    HttpFetch request;
    std::string got{};
    ByteSink sink = [this](std::span<const std::byte> bytes) -> Result<void> {
        got.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        return {};
    };
    Transfer transfer{request, sink};

    bool answer(std::initializer_list<std::string_view> headers, std::string_view body)
    {
        for (const auto header : headers) {
            transfer.take_header(header);
        }
        return transfer.take_body(std::as_bytes(std::span(body)));
    }
};

TEST(Transfer, GoesOnByRangeWhereTheServerTakesRanges)
{
    Fetching fetch({.url = "http://x/", .most_bytes = 10});
    fetch.transfer.begin_try();
    EXPECT_FALSE(fetch.transfer.range().has_value());
    EXPECT_TRUE(fetch.answer({"HTTP/1.1 200 OK\r\n", "Accept-Ranges: bytes\r\n"}, "abc"));
    fetch.transfer.begin_try();
    EXPECT_EQ(fetch.transfer.range(), "3-");
    EXPECT_TRUE(
        fetch.answer({"HTTP/1.1 206 Partial\r\n", "Content-Range: bytes 3-5/6\r\n"}, "def"));
    EXPECT_EQ(fetch.got, "abcdef");
}

TEST(Transfer, PassesOverWhatCameBeforeWhereTheServerSendsAllAgain)
{
    for (const auto* header : {"Accept-Ranges: none\r\n", "Accept-Ranges: bytes\r\n"}) {
        Fetching fetch({.url = "http://x/", .most_bytes = 10});
        fetch.transfer.begin_try();
        EXPECT_TRUE(fetch.answer({"HTTP/1.1 200 OK\r\n", header}, "abc"));
        fetch.transfer.begin_try();
        EXPECT_TRUE(fetch.answer({"HTTP/1.1 200 OK\r\n"}, "ab"));
        EXPECT_TRUE(fetch.answer({}, "cdef"));
        EXPECT_EQ(fetch.got, "abcdef");
    }
}

TEST(Transfer, TakesARangeOnlyFromAServerThatSendsIt)
{
    const HttpFetch asked{.url = "http://x/", .range = ByteRange{100, 4}, .most_bytes = 4};
    struct {
        const char* status;
        const char* header;
        std::string_view body;
        bool is_taken;
    } const cases[] = {
        {"HTTP/1.1 206 Partial", "Content-Range: bytes 100-103/200", "abcd", true},
        {"HTTP/1.1 206 Partial", "Content-Range: bytes 99-102/200", "abcd", false},
        {"HTTP/1.1 206 Partial", "Content-Type: multipart/byteranges", "abcd", false},
        {"HTTP/1.1 200 OK", "Content-Length: 200", "abcd", false},
    };
    for (const auto& test : cases) {
        Fetching fetch(asked);
        fetch.transfer.begin_try();
        EXPECT_EQ(fetch.transfer.range(), "100-103");
        EXPECT_EQ(fetch.answer({test.status, test.header}, test.body), test.is_taken);
        if (!test.is_taken) {
            EXPECT_EQ(fetch.transfer.failure()->code(), Errc::unsupported);
        }
    }
}

TEST(Transfer, EndsAtTheCapAndAtTheSinksRefusal)
{
    Fetching fetch({.url = "http://x/", .most_bytes = 5});
    fetch.transfer.begin_try();
    EXPECT_TRUE(fetch.answer({"HTTP/1.1 200 OK"}, "abc"));
    EXPECT_FALSE(fetch.answer({}, "def"));
    EXPECT_EQ(fetch.transfer.failure()->code(), Errc::too_large);
    EXPECT_EQ(fetch.got, "abc");

    const HttpFetch request{.url = "http://x/", .most_bytes = 5};
    const ByteSink full = [](auto) -> Result<void> { return fail(Errc::no_space, "full"); };
    Transfer refused(request, full);
    refused.begin_try();
    EXPECT_FALSE(refused.take_body(std::as_bytes(std::span("x"))));
    EXPECT_EQ(refused.failure()->code(), Errc::no_space);
}

TEST(Transfer, IsNotWholeBeforeTheRangeIs)
{
    Fetching fetch({.url = "http://x/", .range = ByteRange{0, 4}, .most_bytes = 4});
    fetch.transfer.begin_try();
    EXPECT_TRUE(fetch.answer({"HTTP/1.1 206 Partial", "Content-Range: bytes 0-3/9"}, "ab"));
    EXPECT_FALSE(fetch.transfer.is_complete());
    fetch.transfer.begin_try();
    EXPECT_EQ(fetch.transfer.range(), "2-3");
    EXPECT_TRUE(fetch.answer({"HTTP/1.1 206 Partial", "Content-Range: bytes 2-3/9"}, "cd"));
    EXPECT_TRUE(fetch.transfer.is_complete());
}

} // namespace
} // namespace holdfast::io
