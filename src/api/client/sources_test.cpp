#include "api/client/commands.hpp"

#include "io/testing/fake_clock.hpp"
#include "io/testing/fake_files.hpp"
#include "io/testing/fake_random.hpp"

#include <gmock/gmock.h>

namespace holdfast::api {
namespace {

using namespace std::chrono_literals;

constexpr auto time_of_one_hop = 13s;

/// A server that is slow to send one on to the next page.
class SlowRedirect final : public io::ByteStream {
public:
    explicit SlowRedirect(io::Clock& clock) : clock_(clock) {}

    Result<std::size_t> read_some(std::span<char> bytes) override
    {
        constexpr std::string_view reply =
            "HTTP/1.1 302 Found\r\nLocation: /next\r\nContent-Length: 0\r\n\r\n";
        clock_.sleep(time_of_one_hop);
        return reply.copy(bytes.data(), bytes.size());
    }
    Result<void> write_all(std::string_view) override { return {}; }
    void shut_down() override {}

private:
    io::Clock& clock_;
};

class SlowNetwork final : public io::Network {
public:
    explicit SlowNetwork(io::Clock& clock) : clock_(clock) {}

    Result<std::unique_ptr<io::ByteStream>> connect_local(const std::filesystem::path&,
                                                          std::chrono::milliseconds) override
    {
        return fail(Errc::io, "nobody listens");
    }
    Result<std::unique_ptr<io::ByteStream>> connect_tcp(const std::string&, std::uint16_t,
                                                        io::TimeLimits limits) override
    {
        asked.emplace_back(limits.connecting, limits.whole);
        return std::make_unique<SlowRedirect>(clock_);
    }

    std::vector<std::pair<std::chrono::milliseconds, std::chrono::milliseconds>> asked;

private:
    io::Clock& clock_;
};

TEST(Sources, AFetchHasOneTimeLimitForAllItsRedirects)
{
    io::FakeClock clock;
    io::FakeRandom random;
    io::FakeFiles files;
    SlowNetwork network(clock);
    LocalClient client(network, "/api.sock");
    Surroundings world{.client = client,
                       .random = random,
                       .files = files,
                       .network = network,
                       .standard_input = {},
                       .clock = clock};
    const auto source = read_source(world, "http://server.example/settings.toml");
    ASSERT_FALSE(source.has_value());
    EXPECT_EQ(source.error().code(), Errc::timeout);
    EXPECT_THAT(network.asked,
                testing::ElementsAre(testing::Pair(10s, 30s), testing::Pair(10s, 17s),
                                     testing::Pair(4s, 4s)));
}

} // namespace
} // namespace holdfast::api
