#include "update/source/transfer.hpp"

#include "io/testing/fake_http_client.hpp"

#include <gtest/gtest.h>

namespace holdfast::update {
namespace {

TEST(Transfer, CountsWhatGoesOverTheWireWhileItComes)
{
    constexpr std::uint64_t length = 100'000;
    const Payload payload{.name = "x", .url = "http://updates/x", .length = length, .sha256 = {}};
    io::FakeHttpClient http;
    http.files[payload.url].resize(length);
    const Watch watch;
    const Limits limits;
    Transfer transfer(http, watch, limits);
    // What this machine has itself is no traffic.
    transfer.kept(10'000);
    transfer.copied(10'000);
    EXPECT_EQ(transfer.progress().wire_bytes, 0U);

    std::uint64_t come = 0;
    const auto sink = [&](std::span<const std::byte> piece) -> Result<void> {
        come += piece.size();
        EXPECT_EQ(transfer.progress().wire_bytes, come);
        return {};
    };
    ASSERT_TRUE(transfer.fetch(payload, std::nullopt, sink).has_value());
    EXPECT_EQ(come, length);
    const auto with_headers = transfer.progress().wire_bytes;
    EXPECT_GT(with_headers, length);

    http.breaks_after = length + 500;
    const auto broken =
        transfer.fetch(payload, std::nullopt, [](auto) -> Result<void> { return {}; });
    EXPECT_FALSE(broken.has_value());
    EXPECT_EQ(transfer.progress().wire_bytes, with_headers + 500) << "in vain, but it came";
}

TEST(Transfer, GivesUpOnAServerThatBringsLessThan16KibibytesASecond)
{
    using namespace std::chrono_literals;
    const Payload payload{.name = "x", .url = "http://updates/x", .length = 3 << 20, .sha256 = {}};
    io::FakeHttpClient http;
    http.files[payload.url].resize(payload.length);
    const Watch watch;
    const Limits limits;
    Transfer transfer(http, watch, limits);
    const auto deadline_of = [&](std::optional<io::ByteRange> range) {
        const auto sink = [](auto) { return Result<void>(); };
        EXPECT_TRUE(transfer.fetch(payload, range, sink).has_value());
        return http.requests.back().deadline;
    };
    EXPECT_EQ(deadline_of({}), 60s + 3 * 64s);
    EXPECT_EQ(deadline_of(io::ByteRange{0, 1 << 20}), 60s + 64s);
    EXPECT_EQ(deadline_of(io::ByteRange{0, 1}), 60s);
    EXPECT_EQ(io::fetch_deadline(std::uint64_t{512} << 20), 5h) << "thar-be-updates waits for 6";
    EXPECT_EQ(io::fetch_deadline(UINT64_MAX), 5h);
}

} // namespace
} // namespace holdfast::update
