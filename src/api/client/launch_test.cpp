#include "api/client/launch.hpp"

#include <gmock/gmock.h>
#include <map>

namespace holdfast::api {

namespace {

using testing::ElementsAre;

class Server final : public Client {
public:
    Result<HttpReply> exchange(std::string_view method, std::string_view target,
                               std::string_view /*body*/) override
    {
        calls.push_back(std::format("{} {}", method, target));
        return method == "GET" ? pending : committed;
    }

    HttpReply pending{200, R"({"metadata": {"settings.motd": {}}})", ""};
    HttpReply committed{200, "[]", ""};
    std::vector<std::string> calls;
};

TEST(CommitPending, CommitsTheLaunchTransaction)
{
    Server server;
    EXPECT_TRUE(commit_pending(server).has_value());
    EXPECT_THAT(server.calls, ElementsAre("GET /v2/tx?tx=bottlerocket-launch",
                                          "POST /tx/commit?tx=bottlerocket-launch"));
}

TEST(CommitPending, TakesNothingPendingForASuccess)
{
    Server server;
    server.committed = {422, "no changes", ""};
    EXPECT_TRUE(commit_pending(server).has_value());
}

TEST(CommitPending, CommitsWhatItCannotList)
{
    for (const auto* body : {"no JSON", "[]", R"({"metadata": 1})"}) {
        Server server;
        server.pending = {200, body, ""};
        EXPECT_TRUE(commit_pending(server, "mine").has_value());
        EXPECT_EQ(server.calls.back(), "POST /tx/commit?tx=mine") << body;
    }
}

TEST(CommitPending, FailsWhenTheServerDoes)
{
    Server server;
    server.committed = {500, "the disk is full", ""};
    EXPECT_FALSE(commit_pending(server).has_value());
}

} // namespace

} // namespace holdfast::api
