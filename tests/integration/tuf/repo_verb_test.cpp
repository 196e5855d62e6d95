// `./holdfast repo` as people type it, on builds of a few bytes.

#include "stage.hpp"

#include "connect_proxy.hpp"
#include "crypto/sha256.hpp"
#include "io/curl/curl_http_client.hpp"
#include "io/posix/posix_file_locks.hpp"
#include "io/posix/posix_sockets.hpp"
#include "machine/web_server.hpp"
#include "json/json.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

namespace holdfast {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

/// Somebody's folder, with a repository, keys and builds in it.
class RepoVerb : public ::testing::Test {
protected:
    std::vector<std::string> command(const std::vector<std::string>& arguments) const
    {
        std::vector<std::string> all{"env",
                                     "HOLDFAST_WORK=" + folder.path().native(),
                                     HOLDFAST_PROGRAMS "/" + program,
                                     "repo",
                                     "--repository",
                                     repository,
                                     "--keys",
                                     keys};
        all.insert(all.end(), arguments.begin(), arguments.end());
        return all;
    }
    std::string repo(const std::vector<std::string>& arguments, int exit_status = 0)
    {
        return stage::run(command(arguments), exit_status);
    }
    std::string refused(const std::vector<std::string>& arguments) { return repo(arguments, 1); }

    void write(const std::string& name, const std::string& text)
    {
        ASSERT_TRUE(io::make_directories(files, (folder.path() / name).parent_path()).has_value());
        ASSERT_TRUE(io::replace_file(files, folder.path() / name, text).has_value());
    }
    std::string content(const std::string& name)
    {
        return files.read(folder.path() / name, 1U << 20).value_or("(none)");
    }

    /// A build of metal-dev whose image carries this root; where its manifest lies.
    std::string build(const std::string& version, const Json& update_root)
    {
        const auto name = "holdfast-metal-dev-x86_64-" + version + "-1a2b3c4d";
        auto payloads = Json::array();
        for (const auto* suffix : {"-boot.efi", "-root.erofs", "-hash.verity"}) {
            const auto bytes = "bytes of " + name + suffix;
            write("builds/" + name + suffix, bytes);
            payloads.push_back({{"name", name + suffix},
                                {"size", bytes.size()},
                                {"sha256", crypto::sha256(bytes).hex()}});
        }
        const auto manifest = "builds/" + name + "-manifest.json";
        write(manifest, to_text({{"name", name},
                                 {"variant", "metal-dev"},
                                 {"architecture", "x86_64"},
                                 {"version", version},
                                 {"partitions", {{"boot", 99}, {"root", 99}, {"hash", 99}}},
                                 {"migrations", Json::array()},
                                 {"update-root", update_root},
                                 {"files", std::move(payloads)}}));
        return manifest;
    }
    /// One that carries the root beside the keys.
    std::string build(const std::string& version)
    {
        return build(version, crypto::sha256(content("keys/root.json")).hex());
    }

    stage::Folder folder;
    io::PosixFiles files;
    std::string program = "holdfast";
    std::string repository = "repository";
    std::string keys = "keys";
};

TEST_F(RepoVerb, PublishesABuildThatTrustsIt)
{
    EXPECT_THAT(repo({"init"}), HasSubstr("published"));
    EXPECT_THAT(repo({"init"}), HasSubstr("published")) << "doing it again changes nothing";
    EXPECT_THAT(repo({"add", "--build", build("1.0.0")}), HasSubstr("published"));
    EXPECT_THAT(repo({"verify"}), HasSubstr("metal-dev/x86_64: 1.0.0"));
}

TEST_F(RepoVerb, TakesTheVersionsThatLeadToABuildFromAReleaseFile)
{
    repo({"init"});
    repo({"add", "--build", build("1.0.0")});
    write("Release.toml", "version = \"1.1.0\"\n[migrations]\n\"(1.0.0, 1.1.0)\" = []\n");
    EXPECT_THAT(refused({"add", "--build", build("1.1.0")}), HasSubstr("no chain of migrations"));
    EXPECT_THAT(repo({"add", "--build", build("1.1.0"), "--release-config", "Release.toml"}),
                HasSubstr("published"));
    EXPECT_THAT(repo({"verify"}), HasSubstr("metal-dev/x86_64: 1.0.0 1.1.0"));
}

TEST_F(RepoVerb, TakesWavesByNameOrFile)
{
    repo({"init"});
    const auto add = [&](const std::string& policy) {
        return std::vector<std::string>{"add", "--build", build("1.0.0"), "--wave-policy", policy};
    };
    EXPECT_THAT(refused(add("fast")), HasSubstr("accelerated"));
    EXPECT_THAT(repo(add("default")), HasSubstr("published"));
    write("fast", "[[waves]]\nstart_after = \"1 minute\"\nfleet_percentage = 100\n");
    for (const auto* policy : {"ohno", "fast"}) {
        EXPECT_THAT(repo({"waves", "--variant", "metal-dev", "--wave-policy", policy, "1.0.0"}),
                    HasSubstr("published"));
    }
}

TEST_F(RepoVerb, HoldsBackWhatMostOfTheFleetWouldTakeAtOnce)
{
    repo({"init"});
    repo({"add", "--build", build("1.0.0")});
    EXPECT_THAT(repo({"add", "--build", build("1.1.0"), "--migrates-from", "1.0.0", "--wave-policy",
                      "default", "--start", "2024-01-01T00:00:00Z"}),
                HasSubstr("waits for new waves: metal-dev/x86_64 targets.json: the waves of 1.1.0 "
                          "began at 2024-01-01T01:00:00Z"));
    EXPECT_THAT(repo({"sign"}), HasSubstr("repo sign --waves-as-they-are"));
    EXPECT_THAT(repo({"refresh"}), HasSubstr("waits for new waves"));
    EXPECT_THAT(repo({"verify"}), HasSubstr("metal-dev/x86_64: 1.0.0;"));
    EXPECT_THAT(repo({"sign", "--waves-as-they-are"}), HasSubstr("published"));
    EXPECT_THAT(repo({"verify"}), HasSubstr("metal-dev/x86_64: 1.0.0 1.1.0;"));
}

TEST_F(RepoVerb, PublishesABuildThatTrustsOthersOnlyWhenToldSo)
{
    repo({"init"});
    const auto foreign = build("1.0.0", crypto::sha256("another root").hex());
    EXPECT_THAT(refused({"add", "--build", foreign}), HasSubstr("--foreign-root"));
    EXPECT_THAT(refused({"add", "--build", build("1.0.1", nullptr)}),
                HasSubstr("carries no root of trust"));
    EXPECT_THAT(repo({"add", "--foreign-root", "--build", foreign}), HasSubstr("published"));
}

TEST_F(RepoVerb, OffersNothingToMachinesOfAnotherVariant)
{
    repo({"init"});
    EXPECT_THAT(refused({"add", "--variant", "metal-host", "--build", build("1.0.0")}),
                HasSubstr("is a build of variant metal-dev, not metal-host"));
}

TEST_F(RepoVerb, VerifiesSomethingOrFails)
{
    repository = "a folder, 100% #1";
    EXPECT_THAT(refused({"verify"}), HasSubstr("offers nothing to verify"));
    repo({"init"});
    EXPECT_THAT(refused({"verify"}), HasSubstr("offers nothing to verify"));
    repo({"add", "--build", build("1.0.0")});
    EXPECT_THAT(repo({"verify"}), HasSubstr("metal-dev/x86_64: 1.0.0"));
    EXPECT_THAT(repo({"verify", "--variant", "metal-dev"}), HasSubstr("metal-dev/x86_64: 1.0.0"));
    EXPECT_THAT(refused({"verify", "--variant", "metal-host"}), HasSubstr("timestamp.json"));

    EXPECT_THAT(refused({"verify", "--shipped-root", "mistyped.json"}), HasSubstr("mistyped.json"));

    // Of a channel that has drafts only, machines see nothing.
    write(repository + "/drafts/metal-host/x86_64/targets.json", "{}");
    EXPECT_THAT(repo({"verify"}), HasSubstr("metal-host/x86_64: nothing is published yet"));

    // Where it is served, and nothing but the root of the machines is here.
    const stage::Server server(folder.path());
    const auto url = server.url("plain", "a%20folder%2C%20100%25%20%231");
    repository = "nowhere";
    EXPECT_THAT(refused({"verify", "--url", url}), HasSubstr("--variant"));
    const std::vector<std::string> there{"verify", "--url", url, "--variant", "metal-dev"};
    EXPECT_THAT(repo(there), HasSubstr("metal-dev/x86_64: 1.0.0"));
    keys = "no-keys";
    EXPECT_THAT(refused(there), HasSubstr("--shipped-root"));
}

TEST_F(RepoVerb, ReadsWhatIsServedOverTlsAndBehindAProxy)
{
    repo({"init"});
    repo({"add", "--build", build("1.0.0")});
    const auto validity = machine::ten_years(std::chrono::system_clock::now());
    const auto authority =
        *machine::make_identity(machine::Role::authority, "Holdfast test", validity, nullptr);
    const auto identity =
        *machine::make_identity(machine::Role::server, "Holdfast test", validity, &authority);
    write("ours.crt", authority.certificate);
    const auto server =
        machine::WebServer::start(folder.path() / repository, folder.path() / "server", &identity);
    ASSERT_TRUE(server.has_value()) << server.error().message();
    stage::ConnectProxy proxy;

    for (const auto* verb : {"verify", "check-expirations"}) {
        std::vector<std::string> there{verb, "--url", server->url(), "--variant", "metal-dev"};
        EXPECT_THAT(refused(there), HasSubstr("certificate problem")) << verb;
        there.insert(there.end(), {"--ca-file", "ours.crt"});
        EXPECT_THAT(repo(there), HasSubstr("metal-dev/x86_64")) << verb;
        const auto before = proxy.requests().size();
        there.insert(there.end(), {"--proxy", proxy.url()});
        EXPECT_THAT(repo(there), HasSubstr("metal-dev/x86_64")) << verb;
        const auto through_proxy = proxy.requests().size();
        EXPECT_GT(through_proxy, before) << verb;
        there.insert(there.end(), {"--no-proxy", "127.0.0.1"});
        EXPECT_THAT(repo(there), HasSubstr("metal-dev/x86_64")) << verb;
        EXPECT_EQ(proxy.requests().size(), through_proxy) << verb;
    }
}

/// `repo serve` on a free port, until the end.
class ServedFolder {
public:
    ServedFolder(std::vector<std::string> command, const std::filesystem::path& log)
        : port_(io::PosixSockets().free_loopback_port().value_or(0))
    {
        command.insert(command.end(), {"serve", "--port", std::to_string(port_)});
        id_ = background_.start(command, log).value_or(0);
    }
    ~ServedFolder()
    {
        static_cast<void>(background_.kill(id_).has_value());
        stage::run({"rm", "-r", "/tmp/holdfast-repo-" + std::to_string(port_)});
    }
    ServedFolder(const ServedFolder&) = delete;
    ServedFolder& operator=(const ServedFolder&) = delete;

    std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/"; }

private:
    io::PosixBackground background_;
    std::uint16_t port_;
    io::ProcessId id_ = 0;
};

TEST_F(RepoVerb, ServesFilesAndRangesOfThem)
{
    repo({"init"});
    const ServedFolder served(command({}), folder.path() / "log");
    io::PosixClock clock;
    // It needs a moment to start.
    const auto http =
        *io::CurlHttpClient::create(clock, {.tries = 30, .first_pause = std::chrono::seconds(1)});
    const auto get = [&](std::optional<io::ByteRange> range) {
        std::string body;
        const auto fetched = http->fetch(
            {.url = served.url() + "roots/1.root.json", .range = range, .most_bytes = 1U << 20},
            [&body](auto bytes) -> Result<void> {
                body.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
                return {};
            });
        return fetched.has_value() ? body : fetched.error().message();
    };
    const auto root = content("repository/roots/1.root.json");
    EXPECT_EQ(get({}), root);
    EXPECT_EQ(get(io::ByteRange{3, 20}), root.substr(3, 20));
    EXPECT_THAT(content("log"), HasSubstr(served.url()));
}

TEST_F(RepoVerb, TellsWhatExpires)
{
    EXPECT_THAT(refused({"check-expirations"}), HasSubstr("offers nothing"));
    repo({"init"});
    repo({"add", "--build", build("1.0.0")});
    EXPECT_THAT(repo({"check-expirations"}),
                HasSubstr("metal-dev/x86_64 timestamp.json: valid until 2"));
    const auto in_ten_days = repo({"expire", "--expiration-limit", "in 10 days"}, 1);
    EXPECT_THAT(in_ten_days, HasSubstr("timestamp.json: EXPIRES SOON, at 2"));
    EXPECT_THAT(in_ten_days, HasSubstr("targets.json: valid until 2"));
    EXPECT_THAT(refused({"check-expirations", "--expiration-limit", "soon"}),
                HasSubstr("--expiration-limit"));
}

/// What an add leaves that fails is published by the next refresh. So it leaves nothing, or says so.
TEST_F(RepoVerb, AddsAgainAfterItHasFailed)
{
    EXPECT_THAT(refused({"init", "--key-type", "ecdsa", "--key", "mistyped.pem"}),
                HasSubstr("mistyped.pem"));
    repo({"init", "--key-type", "ecdsa"});
    const std::vector<std::string> add{"add", "--build", build("1.0.0")};
    const auto with = [&](const std::string& option, const std::string& value) {
        auto all = add;
        all.insert(all.end(), {option, value});
        return all;
    };
    EXPECT_THAT(refused(with("--key", "mistyped.pem")), HasSubstr("mistyped.pem"));
    EXPECT_FALSE(files.exists(folder.path() / "repository/drafts/metal-dev"));

    // The root of other machines, which would refuse it.
    repository = "other";
    keys = "other-keys";
    repo({"init"});
    repository = "repository";
    keys = "keys";
    EXPECT_THAT(refused(with("--shipped-root", "other-keys/root.json")),
                AllOf(HasSubstr("machines would refuse"),
                      HasSubstr("waits: metal-dev/x86_64: repo sign goes on with it, repo abandon "
                                "--variant metal-dev --arch x86_64 gives it up")));
    EXPECT_THAT(repo(add), HasSubstr("published"));
    EXPECT_THAT(repo({"verify"}), HasSubstr("metal-dev/x86_64: 1.0.0;"));
    EXPECT_THAT(refused(add), HasSubstr("offers 1.0.0 already"));
}

/// Else a refresh by cron would take back what an add published meanwhile.
TEST_F(RepoVerb, ChangesWaitForOneAnother)
{
    repo({"init"});
    const auto manifest = build("1.0.0");
    io::PosixFileLocks locks;
    auto held = locks.try_lock(folder.path() / repository / ".lock", io::Locking::exclusive);
    ASSERT_TRUE(held.has_value());
    auto added = std::async(std::launch::async, [&] { return repo({"add", "--build", manifest}); });
    EXPECT_EQ(added.wait_for(std::chrono::seconds(2)), std::future_status::timeout);
    EXPECT_FALSE(files.exists(folder.path() / repository / "metadata"));
    held->reset();
    EXPECT_THAT(added.get(), HasSubstr("published"));
    repository = "nowhere";
    EXPECT_THAT(refused({"refresh"}), HasSubstr("is no repository"));
}

TEST_F(RepoVerb, GivesUpWhatWaits)
{
    repo({"init"});
    repo({"add", "--build", build("1.0.0")});
    stage::run({"openssl", "genpkey", "-algorithm", "ed25519", "-out", folder.path() / "anna.pem"});
    stage::run({"openssl", "pkey", "-in", folder.path() / "anna.pem", "-pubout", "-out",
                folder.path() / "anna.pub"});
    EXPECT_THAT(
        repo({"rotate-root", "--role", "targets", "--add-key", "anna.pub", "--threshold", "2"}),
        HasSubstr("root.json: metal-dev/x86_64 is not signed by the new root's keys yet"));
    EXPECT_THAT(repo({"refresh"}),
                HasSubstr("waits for signatures: metal-dev/x86_64 targets.json"));
    EXPECT_THAT(repo({"abandon"}, 2), HasSubstr("required"));
    EXPECT_THAT(repo({"abandon", "--root"}), HasSubstr("abandoned: root.json"));
    EXPECT_THAT(refused({"abandon", "--root"}), HasSubstr("no root"));
    EXPECT_THAT(refused({"abandon", "--variant", "metal-dev"}), HasSubstr("nothing of metal-dev"));
    EXPECT_THAT(repo({"refresh"}), HasSubstr("published"));
}

TEST_F(RepoVerb, SignsWithAToken)
{
    program = "holdfast-with-tokens";
    const auto key = stage::make_token(folder.path());
    EXPECT_THAT(repo({"init", "--root-key", key}), HasSubstr("waits for signatures: root.json"));
    EXPECT_THAT(repo({"sign", "--key", key}), HasSubstr("published"));
    EXPECT_THAT(repo({"add", "--build", build("1.0.0")}), HasSubstr("published"));
    EXPECT_THAT(repo({"verify"}), HasSubstr("metal-dev/x86_64: 1.0.0"));
    auto missing = key;
    missing.replace(missing.find("object=root"), 11, "object=none");
    EXPECT_THAT(refused({"sign", "--key", missing}), HasSubstr("no private key at pkcs11:token"));
}

/// A build has made a root that its images carry. Nobody should believe that theirs took its place.
TEST_F(RepoVerb, TakesNoKeysThatItWouldNotUse)
{
    repo({"init"});
    stage::run({"openssl", "genpkey", "-algorithm", "ed25519", "-out", folder.path() / "anna.pem"});
    const std::vector<std::string> of_anna{"init", "--root-key", "anna.pem", "--targets-key",
                                           "anna.pem"};
    EXPECT_THAT(refused(of_anna), HasSubstr("rotate-root"));
    repository = "prod";
    EXPECT_THAT(refused(of_anna), HasSubstr("root.json"));
    EXPECT_THAT(refused({"init", "--root-threshold", "2"}), HasSubstr("--keys"));
    EXPECT_THAT(refused({"init", "--key-type", "rsa"}), HasSubstr("--keys"));
    EXPECT_FALSE(files.exists(folder.path() / "prod/roots"));

    keys = "keys-of-prod";
    auto by_anna = of_anna;
    by_anna.insert(by_anna.begin(), {"--key", "anna.pem"});
    EXPECT_THAT(repo(by_anna), HasSubstr("published"));
    keys = "keys";
    EXPECT_THAT(refused({"init"}), HasSubstr("not the one whose root images carry"));
    EXPECT_THAT(repo({"sign"}), HasSubstr("warning: images built here carry"));
}

} // namespace
} // namespace holdfast
