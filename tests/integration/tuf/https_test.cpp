// Repositories behind TLS: whom the updater's client believes.

#include "connect_proxy.hpp"
#include "stage.hpp"

#include "machine/web_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

namespace holdfast {
namespace {

using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Not;

/// A repository of python3-tuf, an authority, and a machine that has the repository's root.
class Https : public ::testing::Test {
protected:
    void SetUp() override
    {
        stage::run({"python3", HOLDFAST_TESTS_FOLDER "/make_repository.py", repository(),
                    "ed25519", "yes"});
        client({"init", repository() / "metadata/1.root.json"});
        write("ours.crt", authority.certificate);
        write("other.crt", identity(machine::Role::authority, nullptr, validity).certificate);
    }

    static machine::Identity identity(machine::Role role, const machine::Identity* issuer,
                                      const machine::Validity& when)
    {
        auto made = machine::make_identity(role, "Holdfast test", when, issuer);
        EXPECT_TRUE(made.has_value());
        return made.has_value() ? *std::move(made) : machine::Identity{};
    }
    void write(const std::string& name, const std::string& text)
    {
        ASSERT_TRUE(io::replace_file(files, folder.path() / name, text).has_value());
    }
    std::filesystem::path repository() const { return folder.path() / "www/repository"; }

    void serve(const machine::Validity& when)
    {
        const auto certificate = identity(machine::Role::server, &authority, when);
        auto started = machine::WebServer::start(folder.path() / "www", folder.path() / "server",
                                                 &certificate);
        ASSERT_TRUE(started.has_value()) << started.error().message();
        server.emplace(*std::move(started));
        url = server->url() + "/repository/";
        ASSERT_THAT(url, HasSubstr("https://"));
    }

    std::string client(const std::vector<std::string>& arguments, int exit_status = 0)
    {
        std::vector<std::string> all{"--target-name", "plain.txt"};
        all.insert(all.end(), arguments.begin(), arguments.end());
        return stage::tuf_client(folder.path(), url, all, exit_status);
    }
    std::string download_with(const std::string& authorities, int exit_status = 0)
    {
        return client({"--ca-file", folder.path() / authorities, "download"}, exit_status);
    }

    /// What a machine knows of the repository: names and bytes.
    std::map<std::string, std::string> known()
    {
        std::map<std::string, std::string> found;
        for (const auto* kind : {"metadata", "targets"}) {
            for (const auto& name :
                 files.list(folder.path() / kind).value_or(std::vector<std::string>())) {
                found[name] = *files.read(folder.path() / kind / name, 1U << 20);
            }
        }
        return found;
    }
    /// The refusal, after which nothing may have changed.
    std::string refusal(const std::string& authorities)
    {
        const auto before = known();
        const auto said = download_with(authorities, 1);
        EXPECT_EQ(known(), before);
        EXPECT_THAT(said, HasSubstr(url + "metadata/")) << "the URL is named";
        EXPECT_THAT(said, Not(HasSubstr("tries"))) << "asking again would not help";
        return said;
    }

    stage::Folder folder;
    io::PosixFiles files;
    std::chrono::system_clock::time_point now = std::chrono::system_clock::now();
    machine::Validity validity = machine::ten_years(now);
    machine::Identity authority = identity(machine::Role::authority, nullptr, validity);
    std::optional<machine::WebServer> server;
    std::string url = "https://nowhere/";
};

TEST_F(Https, IsBelievedByTheAuthorityThatTheMachineWasGiven)
{
    serve(validity);
    download_with("ours.crt");
    EXPECT_EQ(known()["plain.txt"], "listed by the top-level role\n");
}

TEST_F(Https, IsRefusedByOtherAuthorities)
{
    serve(validity);
    EXPECT_THAT(refusal("other.crt"), HasSubstr("certificate problem: unable to get local issuer"));
    EXPECT_THAT(refusal("none.crt"), HasSubstr("none.crt"));
    // A machine that knows the repository already keeps what it knows.
    download_with("ours.crt");
    EXPECT_THAT(refusal("other.crt"), HasSubstr("certificate problem"));
}

TEST_F(Https, IsRefusedWithAnExpiredCertificate)
{
    using std::chrono::days;
    serve({.from = now - days(20), .until = now - days(10)});
    EXPECT_THAT(refusal("ours.crt"), HasSubstr("certificate problem: certificate has expired"));
}

/// What a client says to a proxy to reach the server at `url`.
std::string connect_line(const std::string& url)
{
    constexpr std::string_view scheme = "https://";
    const auto host = url.substr(scheme.size(), url.find('/', scheme.size()) - scheme.size());
    return "CONNECT " + host + " HTTP/1.1";
}

TEST_F(Https, GoesThroughAProxyThatSeesNothingButWhereTo)
{
    serve(validity);
    stage::ConnectProxy proxy;
    client({"--proxy", proxy.url(), "--ca-file", folder.path() / "ours.crt", "download"});
    EXPECT_EQ(known()["plain.txt"], "listed by the top-level role\n");
    EXPECT_THAT(proxy.requests(), Each(connect_line(url)));
    const auto asked = proxy.requests().size();
    EXPECT_GE(asked, 1U);

    // A certificate counts at the end of the tunnel, too.
    const auto other = folder.path() / "other.crt";
    EXPECT_THAT(client({"--proxy", proxy.url(), "--ca-file", other, "download"}, 1),
                HasSubstr("certificate problem"));
    EXPECT_GT(proxy.requests().size(), asked);

    const auto before = proxy.requests().size();
    client({"--proxy", proxy.url(), "--no-proxy", "127.0.0.1", "--ca-file",
            folder.path() / "ours.crt", "download"});
    EXPECT_EQ(proxy.requests().size(), before);
}

TEST_F(Https, SaysThatAProxyRefused)
{
    serve(validity);
    stage::ConnectProxy proxy(stage::ConnectProxy::Answer::refuse);
    const auto said =
        client({"--proxy", proxy.url(), "--ca-file", folder.path() / "ours.crt", "download"}, 1);
    EXPECT_THAT(said, HasSubstr("2.root.json: the proxy refuses, with status 403"))
        << "which is not the same as a root that does not exist";
    EXPECT_EQ(proxy.requests().size(), 1U) << "asking again would not help";
    EXPECT_FALSE(known().contains("plain.txt"));
}

} // namespace
} // namespace holdfast
