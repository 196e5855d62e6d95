#include "machine/qmp.hpp"

#include "io/testing/fake_clock.hpp"

#include <gtest/gtest.h>

#include <deque>

namespace holdfast::machine {
namespace {

using std::chrono_literals::operator""s;

/// Says its lines one after the other, then is silent (or gone).
struct Script {
    std::deque<std::string> lines;
    std::string heard;
    bool ends = false;
};

class ScriptedStream final : public io::Stream {
public:
    ScriptedStream(Script& script, io::FakeClock& clock) : script_(script), clock_(clock) {}

    Result<std::string> read_some(std::chrono::milliseconds limit) override
    {
        if (script_.lines.empty()) {
            if (script_.ends) {
                return std::string{};
            }
            clock_.advance(limit);
            return fail(Errc::timeout, "silent");
        }
        auto line = script_.lines.front();
        script_.lines.pop_front();
        return line;
    }
    Result<void> write_all(std::string_view bytes, std::chrono::milliseconds /*limit*/) override
    {
        script_.heard += bytes;
        return {};
    }
    Result<void> wait_until_taken(std::chrono::milliseconds /*limit*/) override { return {}; }

private:
    Script& script_;
    io::FakeClock& clock_;
};

class ScriptedSockets final : public io::Sockets {
public:
    ScriptedSockets(Script& script, io::FakeClock& clock) : script_(script), clock_(clock) {}
    Result<std::unique_ptr<io::Stream>>
    connect_local(const std::filesystem::path& /*path*/) override
    {
        return std::make_unique<ScriptedStream>(script_, clock_);
    }
    Result<std::uint16_t> free_loopback_port() override { return 1; }

private:
    Script& script_;
    io::FakeClock& clock_;
};

struct QmpTest : ::testing::Test {
    io::FakeClock clock;
    Script script{.lines = {"{\"QMP\": {}}\n", "{\"return\": {}}\n"}, .heard = {}};
    ScriptedSockets sockets{script, clock};

    Result<Qmp> connect() { return Qmp::connect(sockets, clock, "/qmp"); }
};

TEST_F(QmpTest, LeavesTheNegotiationModeFirst)
{
    ASSERT_TRUE(connect().has_value());
    EXPECT_EQ(script.heard, "{\"execute\":\"qmp_capabilities\"}\n");
}

TEST_F(QmpTest, RefusesAPeerThatGreetsOtherwise)
{
    script.lines = {"{\"hello\": 1}\n"};
    const auto qmp = connect();
    ASSERT_FALSE(qmp.has_value());
    EXPECT_EQ(qmp.error().code(), Errc::invalid);
}

TEST_F(QmpTest, KeepsEventsThatComeBetweenCommandAndAnswer)
{
    auto qmp = connect();
    ASSERT_TRUE(qmp.has_value());
    script.lines = {"{\"event\": \"RESET\"}\n{\"ret", "urn\": {\"running\": true}}\n"};
    const auto answer = qmp->execute("query-status");
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(to_text(*answer), "{\"running\":true}");
    const auto events = qmp->take_events(1s);
    ASSERT_TRUE(events.has_value());
    ASSERT_EQ((*events).size(), 1U);
    EXPECT_EQ((*events)[0]["event"], "RESET");
}

TEST_F(QmpTest, PassesOnWhyQemuRefuses)
{
    auto qmp = connect();
    ASSERT_TRUE(qmp.has_value());
    script.lines = {"{\"error\": {\"class\": \"CommandNotFound\", \"desc\": \"no such\"}}\n"};
    const auto answer = qmp->execute("dance");
    ASSERT_FALSE(answer.has_value());
    EXPECT_EQ(answer.error().code(), Errc::conflict);
    EXPECT_NE(answer.error().message().find("no such"), std::string::npos);
}

TEST_F(QmpTest, DoesNotWaitForEverForASilentQemu)
{
    auto qmp = connect();
    ASSERT_TRUE(qmp.has_value());
    const auto answer = qmp->execute("query-status", Json::object(), 3s);
    ASSERT_FALSE(answer.has_value());
    EXPECT_EQ(answer.error().code(), Errc::timeout);
}

TEST_F(QmpTest, TellsTheEndOfQemuFromSilence)
{
    auto qmp = connect();
    ASSERT_TRUE(qmp.has_value());
    EXPECT_TRUE(qmp->take_events(1s).has_value()) << "silence is no error";
    script.ends = true;
    EXPECT_FALSE(qmp->take_events(1s).has_value());
}

TEST(QmpReader, RefusesALineWithoutEnd)
{
    QmpReader reader;
    reader.feed(std::string((1U << 20) + 1, 'x'));
    const auto message = reader.next();
    ASSERT_FALSE(message.has_value());
    EXPECT_EQ(message.error().code(), Errc::too_large);
}

TEST(QmpReader, RefusesWhatIsNoObject)
{
    QmpReader reader;
    reader.feed("[1]\n");
    EXPECT_FALSE(reader.next().has_value());
}

} // namespace
} // namespace holdfast::machine
