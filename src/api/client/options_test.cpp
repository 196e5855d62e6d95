#include "api/client/options.hpp"

#include "api/client/client.hpp"

#include <gmock/gmock.h>

namespace holdfast::api {

namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Words = std::vector<std::string>;

TEST(ClientOptions, TakesGlobalOptionsAnywhere)
{
    const auto options = parse_client_options(
        Words{"get", "-s", "/tmp/a", "settings.", "--log-level", "debug", "os."});
    ASSERT_TRUE(options.has_value());
    EXPECT_EQ(options->socket_path, "/tmp/a");
    EXPECT_EQ(options->log_level, log::Level::debug);
    EXPECT_EQ(options->subcommand, "get");
    EXPECT_THAT(options->arguments, ElementsAre("settings.", "os."));
}

TEST(ClientOptions, RawIsTheDefault)
{
    const auto options = parse_client_options(Words{"-u", "/settings", "-v"});
    ASSERT_TRUE(options.has_value());
    EXPECT_EQ(options->subcommand, "raw");
    EXPECT_THAT(options->arguments, ElementsAre("-u", "/settings"));
    EXPECT_EQ(parse_client_options({})->subcommand, "raw");
}

TEST(ClientOptions, LeavesEverythingAfterTwoDashesAlone)
{
    const auto options = parse_client_options(Words{"exec", "--", "admin", "ls", "-v", "-s", "x"});
    ASSERT_TRUE(options.has_value());
    EXPECT_EQ(options->log_level, log::Level::info);
    EXPECT_THAT(options->arguments, ElementsAre("--", "admin", "ls", "-v", "-s", "x"));
}

class MisusedClient : public testing::TestWithParam<Words> {};

TEST_P(MisusedClient, IsInvalid)
{
    const auto options = parse_client_options(GetParam());
    ASSERT_FALSE(options.has_value());
    EXPECT_EQ(options.error().code(), Errc::invalid);
}

INSTANTIATE_TEST_SUITE_P(
    Lines, MisusedClient,
    testing::Values(Words{"--", "get"}, Words{"get", "-s"}, Words{"get", "--help"}, Words{"-h"},
                    Words{"get", "--log-level", "loud"}, Words{"get", "--remote", "h:1"},
                    Words{"get", "--remote", "h:1", "--ca", "c", "--cert", "d"}));

TEST(ClientOptions, HelpHasNoComplaint)
{
    EXPECT_THAT(parse_client_options(Words{"get", "-h"}).error().message(), IsEmpty());
}

TEST(RemoteServer, IsHostAndPort)
{
    EXPECT_EQ(RemoteServer::parse("node-1:8443")->host, "node-1");
    EXPECT_EQ(RemoteServer::parse("node-1:8443")->port, 8443);
    EXPECT_EQ(RemoteServer::parse("[::1]:1")->host, "::1");
    for (const auto* bad : {"", "node-1", ":8443", "node-1:", "node-1:x", "node-1:65536", "[]:1"}) {
        EXPECT_FALSE(RemoteServer::parse(bad).has_value()) << bad;
    }
}

} // namespace

} // namespace holdfast::api
