// The store, the server, the remote listener and apiclient together, over real sockets in a
// temporary directory. Nothing listens outside loopback.

#include "api/client/commands.hpp"
#include "api/client/tls_stream.hpp"
#include "api/server/handlers.hpp"
#include "api/server/http_server.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "io/posix/posix_network.hpp"
#include "io/posix/posix_system.hpp"
#include "io/posix/unique_fd.hpp"
#include "io/testing/fake_clock.hpp"
#include "io/testing/fake_files.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <netinet/in.h>
#include <sys/socket.h>
#include <thread>

namespace holdfast::api {

namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::filesystem::path make_directory()
{
    std::string pattern = testing::TempDir() + "holdfast-integration-XXXXXX";
    return ::mkdtemp(pattern.data());
}

/// Certificates by the openssl command, once for all tests.
class Certificates {
public:
    Certificates() : directory_(make_directory())
    {
        authority("ca");
        authority("other-ca");
        leaf("sub-ca", "ca", "keyUsage=keyCertSign", {}, "CA:TRUE");
        leaf("server", "ca", "subjectAltName=IP:127.0.0.1", {});
        leaf("client", "ca", "extendedKeyUsage=clientAuth", {});
        leaf("sub-client", "sub-ca", "extendedKeyUsage=clientAuth", {});
        leaf("stranger", "other-ca", "extendedKeyUsage=clientAuth", {});
        leaf("expired", "ca", "extendedKeyUsage=clientAuth",
             {"-not_before", "20200101000000Z", "-not_after", "20210101000000Z"});
    }
    ~Certificates() { std::filesystem::remove_all(directory_); }

    std::filesystem::path certificate(const std::string& name) const
    {
        return directory_ / (name + ".pem");
    }
    std::filesystem::path key(const std::string& name) const
    {
        return directory_ / (name + ".key");
    }
    std::string text(const std::filesystem::path& path) const
    {
        io::PosixFiles files;
        return files.read(path, 1U << 20).value_or("");
    }

private:
    void openssl(const std::string& name, const std::vector<std::string>& more)
    {
        io::PosixProcesses processes;
        std::vector<std::string> words{"openssl",
                                       "req",
                                       "-x509",
                                       "-newkey",
                                       "ec",
                                       "-pkeyopt",
                                       "ec_paramgen_curve:P-256",
                                       "-nodes",
                                       "-subj",
                                       "/O=Test/CN=" + name,
                                       "-keyout",
                                       key(name).native(),
                                       "-out",
                                       certificate(name).native()};
        words.insert(words.end(), more.begin(), more.end());
        const auto made = io::run_checked(processes, {.arguments = words,
                                                      .input = {},
                                                      .environment = {},
                                                      .time_limit = std::chrono::seconds(60)});
        EXPECT_TRUE(made.has_value()) << made.error().message();
    }
    void authority(const std::string& name)
    {
        openssl(name, {"-addext", "basicConstraints=critical,CA:TRUE", "-days", "2"});
    }
    void leaf(const std::string& name, const std::string& by, const std::string& extension,
              std::vector<std::string> dates, const std::string& constraint = "CA:FALSE")
    {
        std::vector<std::string> more{
            "-CA",     certificate(by).native(),         "-CAkey",  key(by).native(),
            "-addext", "basicConstraints=" + constraint, "-addext", extension};
        if (dates.empty()) {
            dates = {"-days", "2"};
        }
        more.insert(more.end(), dates.begin(), dates.end());
        openssl(name, more);
    }

    std::filesystem::path directory_;
};

const Certificates& certificates()
{
    static const Certificates made;
    return made;
}

class NoApplier final : public Applier {
public:
    void announce(std::vector<std::string>) override {}
    void withdraw() override {}
    void start(std::optional<std::vector<std::string>>) override { ++runs; }
    Json status() override { return {{"state", "none"}}; }
    void record(Json) override {}
    int runs = 0;
};

class ApiTest : public testing::Test {
protected:
    ApiTest()
        : directory_(make_directory()),
          model_(*settings::Model::load(
              R"({"variant": "v", "groups": ["motd", "ntp"], "settings": {"motd": "Welcome"}})")),
          store_(*store::Store::open(directory_, clock_)),
          context_{store_, model_, applier_, os_files_, processes_, random_},
          server_(router_, server_clock_, {.remote_handshakes = 8, .remote_sessions = 3}),
          client_(network_, directory_ / "api.sock"),
          world_{client_, random_, files_, network_, [] { return Result<std::string>(""); }, clock_}
    {
        server_clock_.set(clock_.now());
        os_files_.put("/etc/os-release", "PRETTY_NAME=P\nVARIANT_ID=v\nVERSION_ID=1\nBUILD_ID=b\n");
        EXPECT_TRUE(store_.adopt_image("1", model_.defaults()).has_value());
        add_settings_handlers(router_, context_);
        add_transaction_handlers(router_, context_);
        add_model_handlers(router_, context_);
        add_action_handlers(router_, context_);
        EXPECT_TRUE(server_.listen({directory_ / "api.sock", std::nullopt}).has_value());
    }
    ~ApiTest() override
    {
        server_.stop();
        if (thread_.joinable()) {
            thread_.join();
        }
        std::filesystem::remove_all(directory_);
    }

    void start()
    {
        thread_ = std::thread([this] { server_.run(); });
    }

    CommandOutcome run(const std::string& subcommand, const std::vector<std::string>& arguments)
    {
        return find_command(subcommand)(world_, arguments);
    }
    std::string output(const std::string& subcommand, const std::vector<std::string>& arguments)
    {
        const auto outcome = run(subcommand, arguments);
        if (outcome.has_value()) {
            return outcome->output;
        }
        const auto* error = std::get_if<Error>(&outcome.error().why);
        return error != nullptr ? "error: " + error->message() : "misuse";
    }

    std::uint16_t start_remote()
    {
        const auto port = server_.listen_remote(remote_address());
        EXPECT_TRUE(port.has_value()) << port.error().message();
        start();
        return port.has_value() ? *port : std::uint16_t{0};
    }
    RemoteAddress remote_address() const
    {
        const auto& made = certificates();
        return {"127.0.0.1", 0, made.text(made.certificate("ca")),
                made.text(made.certificate("server")), made.text(made.key("server"))};
    }
    Result<std::string> ask_remotely(std::uint16_t port, const std::string& who,
                                     const std::string& trusted = "ca")
    {
        const auto& made = certificates();
        RemoteClient client(
            network_, files_,
            {"127.0.0.1", port, made.certificate(trusted), made.certificate(who), made.key(who)});
        return client.request("GET", "/settings?keys=settings.motd");
    }

    std::filesystem::path directory_;
    io::PosixClock clock_;
    io::FakeClock server_clock_;
    io::PosixFiles files_;
    io::PosixRandom random_;
    io::PosixProcesses processes_;
    io::PosixNetwork network_;
    io::FakeFiles os_files_;
    settings::Model model_;
    store::Store store_;
    NoApplier applier_;
    Context context_;
    Router router_;
    HttpServer server_;
    LocalClient client_;
    Surroundings world_;
    std::thread thread_;
};

TEST_F(ApiTest, SetGetAndUnsetByTheCommand)
{
    start();
    EXPECT_EQ(output("set", {"motd=hello there"}), "");
    EXPECT_EQ(output("get", {"settings.motd"}),
              "{\n  \"settings\": {\n    \"motd\": \"hello there\"\n  "
              "}\n}\n");
    EXPECT_EQ(output("set", {"-j", R"({"settings": {"motd": "json"}})"}), "");
    EXPECT_EQ(output("get", {"--canonicalize", "settings.motd"}),
              "{\"settings\":{\"motd\":\"json\"}}\n");
    EXPECT_EQ(output("unset", {"motd"}), "");
    EXPECT_EQ(output("get", {"/settings?keys=settings.motd", "--canonicalize"}),
              "{\"motd\":\"Welcome\"}\n");
    EXPECT_EQ(applier_.runs, 3);
}

TEST_F(ApiTest, GetWithoutPrefixShowsOsAndSettingsAndExcludePrunes)
{
    start();
    const auto all = *parse_json(output("get", {}));
    EXPECT_TRUE(all.contains("os") && all.contains("settings"));
    EXPECT_EQ(all.size(), 2U);
    EXPECT_EQ(*parse_json(output("get", {"settings.motd", "os.ver", "--exclude", "settings.mo"})),
              Json({{"os", {{"version_id", "1"}}}}));
}

TEST_F(ApiTest, FailuresReadAsOtherProgramsExpect)
{
    start();
    EXPECT_THAT(output("raw", {"-u", "/x"}),
                StartsWith("error: Failed GET request to '/x': Status 404 when GETing /x: "));
    EXPECT_THAT(output("raw", {"-m", "POST", "-u", "/tx/commit"}),
                StartsWith("error: Failed POST request to '/tx/commit': Status 422 when POSTing "
                           "/tx/commit: Tried to commit with no pending changes"));
    EXPECT_EQ(output("raw", {"-u", "/tx/list"}), "[]\n");
    EXPECT_EQ(output("raw", {}), "misuse");
    EXPECT_EQ(output("set", {"motd"}), "misuse");
    EXPECT_EQ(output("set", {}), "misuse");
    EXPECT_EQ(output("get", {"/os", "settings."}), "misuse");
    EXPECT_EQ(output("apply", {"-x"}), "misuse");
}

TEST_F(ApiTest, WhatIsNotUtf8IsRefusedAndNotStoredAsSomethingElse)
{
    start();
    const auto outcome = run("set", {"ntp.options=[\"iburst\"]", "motd=caf\xe9"});
    ASSERT_FALSE(outcome.has_value());
    const auto* misused = std::get_if<Misuse>(&outcome.error().why);
    ASSERT_NE(misused, nullptr);
    EXPECT_EQ(misused->message, "The value of 'motd' is no UTF-8 text");
    EXPECT_EQ(output("set", {"motd=caf\xc3\xa9"}), "");
    EXPECT_THAT(output("get", {"settings.motd"}), HasSubstr("caf\xc3\xa9"));
}

TEST_F(ApiTest, RawTellsTheStatusOnStandardErrorWhenAskedForDebug)
{
    start();
    log::set_level(log::Level::debug);
    testing::internal::CaptureStderr();
    EXPECT_EQ(output("raw", {"-u", "/tx/list"}), "[]\n");
    EXPECT_THAT(testing::internal::GetCapturedStderr(),
                HasSubstr("status=200 method=GET uri=/tx/list"));
    log::set_level(log::Level::info);
    testing::internal::CaptureStderr();
    EXPECT_EQ(output("raw", {"-u", "/tx/list"}), "[]\n");
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST_F(ApiTest, GetOfSeveralPrefixesLeavesOutThatWithoutAMatch)
{
    start();
    EXPECT_EQ(output("get", {"settings.motd", "settings.nothing", "os.version", "--canonicalize"}),
              "{\"os\":{\"version_id\":\"1\"},\"settings\":{\"motd\":\"Welcome\"}}\n");
    EXPECT_EQ(output("get", {"nothing", "--canonicalize"}), "{}\n");
}

TEST_F(ApiTest, ARefusalIsTheReasonAloneAndLeavesNothingPending)
{
    start();
    EXPECT_EQ(output("set", {"-j", R"({"motd": 1})"}), "error: settings.motd: expected text");
    EXPECT_EQ(output("unset", {"motd"}), "error: settings.motd was not set through the API");
    const auto good = "base64:" + to_base64("settings.motd = 'x'");
    const auto bad = "base64:" + to_base64("settings.motd = 1");
    EXPECT_EQ(output("apply", {good, bad}), "error: settings.motd: expected text");
    EXPECT_EQ(output("raw", {"-u", "/tx/list"}), "[]\n");
}

TEST_F(ApiTest, ApplyTakesTomlAndJsonAndChangesNothingWhenASourceFails)
{
    start();
    world_.standard_input = [] { return Result<std::string>("[settings]\nmotd = \"toml\"\n"); };
    EXPECT_EQ(output("apply", {}), "");
    EXPECT_THAT(output("get", {"settings.motd"}), HasSubstr("toml"));
    EXPECT_EQ(output("apply", {"base64:" + to_base64(R"({"settings": {"motd": "json"}})")}), "");
    EXPECT_THAT(output("get", {"settings.motd"}), HasSubstr("json"));

    EXPECT_THAT(output("apply", {"-", "file:///nowhere/at-all"}), StartsWith("error: "));
    EXPECT_THAT(output("apply", {"/bare/path"}), StartsWith("error: "));
    world_.standard_input = [] { return Result<std::string>("motd = 1"); };
    EXPECT_THAT(output("apply", {}), HasSubstr("'settings'"));
    EXPECT_THAT(output("get", {"settings.motd"}), HasSubstr("json"));
}

/// A web server on loopback with whole replies by path, one connection at a time.
class PageServer {
public:
    explicit PageServer(std::map<std::string, std::string> replies)
        : replies_(std::move(replies)), socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))
    {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto* raw = reinterpret_cast<sockaddr*>(&address);
        EXPECT_EQ(::bind(socket_.get(), raw, size), 0);
        EXPECT_EQ(::listen(socket_.get(), 8), 0);
        EXPECT_EQ(::getsockname(socket_.get(), raw, &size), 0);
        url_ = std::format("http://127.0.0.1:{}", ntohs(address.sin_port));
        thread_ = std::thread([this] { serve(); });
    }
    ~PageServer()
    {
        ::shutdown(socket_.get(), SHUT_RDWR);
        thread_.join();
    }
    PageServer(const PageServer&) = delete;
    PageServer& operator=(const PageServer&) = delete;

    std::string url(const std::string& path) const { return url_ + path; }

private:
    void serve()
    {
        for (;;) {
            const io::UniqueFd connection(::accept(socket_.get(), nullptr, nullptr));
            if (!connection) {
                return;
            }
            answer(connection.get());
        }
    }
    void answer(int connection)
    {
        std::string request;
        std::array<char, 4096> bytes{};
        while (!request.ends_with("\r\n\r\n")) {
            const auto count = ::recv(connection, bytes.data(), bytes.size(), 0);
            if (count <= 0) {
                return;
            }
            request.append(bytes.data(), static_cast<std::size_t>(count));
        }
        const auto path = split(request, ' ')[1];
        const auto found = replies_.find(std::string(path));
        std::string_view reply = found == replies_.end()
                                     ? "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
                                     : std::string_view(found->second);
        while (!reply.empty()) {
            const auto count = ::send(connection, reply.data(), reply.size(), MSG_NOSIGNAL);
            if (count <= 0) {
                return;
            }
            reply.remove_prefix(static_cast<std::size_t>(count));
        }
    }

    std::map<std::string, std::string> replies_;
    io::UniqueFd socket_;
    std::string url_;
    std::thread thread_;
};

std::string page(const std::string& body)
{
    return std::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}", body.size(), body);
}

std::string redirect(const std::string& location)
{
    return std::format("HTTP/1.1 302 Found\r\nLocation: {}\r\nContent-Length: 0\r\n\r\n", location);
}

TEST_F(ApiTest, ApplyTakesSourcesFromServersAndFiles)
{
    start();
    const std::string settings = "[settings]\nmotd = \"by a server\"\n";
    const PageServer server({{"/settings.toml", page(settings)},
                             {"/moved", redirect("/settings.toml")},
                             {"/for-ever", redirect("/for-ever")},
                             {"/elsewhere", redirect("file:///etc/passwd")},
                             {"/large", page(std::string(3U << 20, '#'))},
                             {"/endless", "HTTP/1.1 200 OK\r\n\r\n" + std::string(3U << 20, '#')}});
    for (const auto* path : {"/settings.toml", "/moved"}) {
        EXPECT_EQ(output("apply", {server.url(path)}), "") << path;
        EXPECT_THAT(output("get", {"settings.motd"}), HasSubstr("by a server")) << path;
        EXPECT_EQ(output("set", {"motd=old"}), "");
    }
    const std::vector<std::pair<std::string, std::string>> failures{
        {"/missing", "status 404"},
        {"/for-ever", "more than 10 redirects"},
        {"/elsewhere", "redirects to 'file:///etc/passwd'"},
        {"/large", "too large"},
        {"/endless", "too large"}};
    for (const auto& [path, problem] : failures) {
        EXPECT_THAT(output("apply", {server.url("/settings.toml"), server.url(path)}),
                    testing::AllOf(StartsWith("error: "), HasSubstr(problem)));
        EXPECT_THAT(output("get", {"settings.motd"}), HasSubstr("old")) << path;
    }
    const auto file = directory_ / "settings.toml";
    ASSERT_TRUE(io::replace_file(files_, file, "[settings]\nmotd = \"by a file\"\n"));
    EXPECT_EQ(output("apply", {"file://" + file.native()}), "");
    EXPECT_THAT(output("get", {"settings.motd"}), HasSubstr("by a file"));
}

TEST_F(ApiTest, AThousandReadersLoseNoRequestWhileAWriterCommits)
{
    start();
    std::vector<std::unique_ptr<io::ByteStream>> readers;
    for (int i = 0; i < 1000; ++i) {
        auto stream = network_.connect_local(directory_ / "api.sock", std::chrono::minutes(2));
        ASSERT_TRUE(stream.has_value()) << i << ": " << stream.error().message();
        ASSERT_TRUE((*stream)->write_all("GET /settings?keys=settings.motd HTTP/1.1\r\nHost: x\r\n"
                                         "Connection: close\r\n\r\n"));
        readers.push_back(*std::move(stream));
        if (i % 100 == 0) {
            ASSERT_EQ(output("set", {"motd=" + std::to_string(i)}), "");
        }
    }
    for (const auto& reader : readers) {
        std::string reply;
        std::array<char, 4096> buffer{};
        for (;;) {
            const auto count = reader->read_some(buffer);
            ASSERT_TRUE(count.has_value()) << count.error().message();
            if (*count == 0) {
                break;
            }
            reply.append(buffer.data(), *count);
        }
        ASSERT_THAT(reply, StartsWith("HTTP/1.1 200"));
    }
}

TEST_F(ApiTest, RemoteClientWithACertificateIsServedAndNamed)
{
    const auto port = start_remote();
    const auto reply = ask_remotely(port, "client");
    ASSERT_TRUE(reply.has_value()) << reply.error().message();
    EXPECT_EQ(*reply, R"({"motd":"Welcome"})");

    const auto& made = certificates();
    RemoteClient client(network_, files_,
                        {"127.0.0.1", port, made.certificate("ca"), made.certificate("client"),
                         made.key("client")});
    ASSERT_TRUE(client.request("PATCH", "/settings?tx=r", R"({"motd": "remote"})"));
    ASSERT_TRUE(client.request("POST", "/tx/commit?tx=r"));
    const auto told = client_.request("GET", "/settings/provenance?keys=settings.motd");
    EXPECT_THAT(*told, HasSubstr(R"("who":"CN=client,O=Test")"));
}

TEST_F(ApiTest, AnAuthorityBelowARootIsTrustedForItselfAlone)
{
    auto address = remote_address();
    address.client_ca = certificates().text(certificates().certificate("sub-ca"));
    const auto port = server_.listen_remote(address);
    ASSERT_TRUE(port.has_value()) << port.error().message();
    start();
    const auto reply = ask_remotely(*port, "sub-client");
    EXPECT_TRUE(reply.has_value()) << reply.error().message();
    EXPECT_FALSE(ask_remotely(*port, "client").has_value()) << "of the root";
}

class RefusedClient : public ApiTest, public testing::WithParamInterface<const char*> {};

TEST_P(RefusedClient, EndsAtTheHandshake)
{
    const auto port = start_remote();
    const auto reply = ask_remotely(port, GetParam());
    ASSERT_FALSE(reply.has_value());
    EXPECT_THAT(reply.error().message(), testing::Not(HasSubstr("Status")))
        << "no handler may have been reached";
}

INSTANTIATE_TEST_SUITE_P(Certificates, RefusedClient, testing::Values("stranger", "expired"));

/// The pending transactions, none, over a connection that stays. Whether they are told.
bool is_served(io::ByteStream& stream)
{
    std::string reply;
    std::array<char, 4096> bytes{};
    if (!stream.write_all("GET /tx/list HTTP/1.1\r\nHost: x\r\n\r\n")) {
        return false;
    }
    while (!reply.ends_with("[]")) {
        const auto count = stream.read_some(bytes).value_or(0U);
        if (count == 0) {
            return false;
        }
        reply.append(bytes.data(), count);
    }
    return reply.starts_with("HTTP/1.1 200 ");
}

TEST_F(ApiTest, ASessionDoesNotOutliveItsCertificate)
{
    const auto port = start_remote();
    const auto& made = certificates();
    auto plain = network_.connect_tcp("127.0.0.1", port, {std::chrono::seconds(20)});
    ASSERT_TRUE(plain.has_value());
    const auto stream = start_tls(
        *std::move(plain), {"127.0.0.1", made.text(made.certificate("ca")),
                            made.text(made.certificate("client")), made.text(made.key("client"))});
    ASSERT_TRUE(stream.has_value()) << stream.error().message();
    EXPECT_TRUE(is_served(**stream));
    server_clock_.advance(std::chrono::days(1));
    EXPECT_TRUE(is_served(**stream));
    server_clock_.advance(std::chrono::days(2));
    EXPECT_FALSE(is_served(**stream));
}

TEST_F(ApiTest, RemoteClientWithoutACertificateIsRefused)
{
    const auto port = start_remote();
    io::PosixProcesses processes;
    const auto& made = certificates();
    const auto outcome =
        processes.run({.arguments = {"openssl", "s_client", "-quiet", "-verify_return_error",
                                     "-CAfile", made.certificate("ca").native(), "-connect",
                                     "127.0.0.1:" + std::to_string(port)},
                       .input = "GET /settings HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
                       .environment = {},
                       .time_limit = std::chrono::seconds(30)});
    ASSERT_TRUE(outcome.has_value()) << outcome.error().message();
    EXPECT_THAT(outcome->output, testing::Not(HasSubstr("HTTP/1.1")));
    EXPECT_THAT(outcome->errors, HasSubstr("certificate required"));
}

TEST_F(ApiTest, OlderTlsIsRefused)
{
    const auto port = start_remote();
    io::PosixProcesses processes;
    const auto& made = certificates();
    const auto outcome = processes.run(
        {.arguments = {"openssl", "s_client", "-quiet", "-tls1_2", "-cert",
                       made.certificate("client").native(), "-key", made.key("client").native(),
                       "-connect", "127.0.0.1:" + std::to_string(port)},
         .input = "GET /settings HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
         .environment = {},
         .time_limit = std::chrono::seconds(30)});
    ASSERT_TRUE(outcome.has_value()) << outcome.error().message();
    EXPECT_THAT(outcome->output, testing::Not(HasSubstr("HTTP/1.1")));
    EXPECT_NE(outcome->exit_status, 0);
}

TEST_F(ApiTest, ClientRefusesAServerOfAnotherAuthority)
{
    const auto port = start_remote();
    const auto reply = ask_remotely(port, "client", "other-ca");
    ASSERT_FALSE(reply.has_value());
    EXPECT_EQ(reply.error().code(), Errc::denied);
    EXPECT_THAT(reply.error().message(), HasSubstr("certificate"));
}

TEST_F(ApiTest, KeysThatDoNotFitLeaveTheListenerAsItWas)
{
    auto bad = remote_address();
    const auto good_port = server_.listen_remote(remote_address());
    ASSERT_TRUE(good_port.has_value());
    bad.server_key = certificates().text(certificates().key("client"));
    const auto refused = server_.listen_remote(bad);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code(), Errc::invalid);
    bad.server_key = "not PEM";
    EXPECT_FALSE(server_.listen_remote(bad).has_value());
    bad = remote_address();
    bad.client_ca = "not PEM";
    EXPECT_FALSE(server_.listen_remote(bad).has_value());
    start();
    EXPECT_TRUE(ask_remotely(*good_port, "client").has_value());
}

/// Whoever reaches the port can open connections without end. Who has a certificate gets in all the
/// same, and so do local callers.
TEST_F(ApiTest, ConnectionsWithoutACertificateKeepNobodyOut)
{
    const auto port = start_remote();
    std::vector<std::unique_ptr<io::ByteStream>> idle;
    for (int i = 0; i < 100; ++i) {
        auto stream = network_.connect_tcp("127.0.0.1", port, {std::chrono::seconds(20)});
        ASSERT_TRUE(stream.has_value()) << i << ": " << stream.error().message();
        idle.push_back(*std::move(stream));
    }
    EXPECT_TRUE(ask_remotely(port, "client").has_value());
    EXPECT_EQ(output("get", {"/tx/list", "--canonicalize"}), "[]\n");
    std::array<char, 1> byte{};
    const auto oldest = idle.front()->read_some(byte);
    EXPECT_TRUE(!oldest.has_value() || *oldest == 0) << "it gave way";
    EXPECT_NE(oldest.has_value() ? Errc::io : oldest.error().code(), Errc::timeout);
}

TEST_F(ApiTest, RemoteClientsAreTurnedAwayWhenTooManyAreThereAndLocalOnesAreNot)
{
    const auto port = start_remote();
    const auto& made = certificates();
    const TlsKeys keys{"127.0.0.1", made.text(made.certificate("ca")),
                       made.text(made.certificate("client")), made.text(made.key("client"))};
    std::vector<std::unique_ptr<io::ByteStream>> sessions;
    for (int i = 0; i < 3; ++i) {
        auto plain = network_.connect_tcp("127.0.0.1", port, {std::chrono::seconds(20)});
        ASSERT_TRUE(plain.has_value());
        auto stream = start_tls(*std::move(plain), keys);
        ASSERT_TRUE(stream.has_value()) << stream.error().message();
        ASSERT_TRUE((*stream)->write_all("GET /tx/list HTTP/1.1\r\nHost: x\r\n\r\n"));
        std::array<char, 1> byte{};
        ASSERT_EQ((*stream)->read_some(byte).value_or(0), 1U) << "it is served, and stays";
        sessions.push_back(*std::move(stream));
    }
    EXPECT_FALSE(ask_remotely(port, "client").has_value());
    EXPECT_EQ(output("get", {"/tx/list", "--canonicalize"}), "[]\n");

    sessions.pop_back();
    auto again = ask_remotely(port, "client");
    for (int i = 0; i < 100 && !again.has_value(); ++i) {
        clock_.sleep(std::chrono::milliseconds(50));
        again = ask_remotely(port, "client");
    }
    EXPECT_TRUE(again.has_value()) << "one has left";
}

TEST_F(ApiTest, ClosedRemoteListenerServesNobody)
{
    const auto port = server_.listen_remote(remote_address());
    ASSERT_TRUE(port.has_value());
    server_.close_remote();
    start();
    EXPECT_FALSE(ask_remotely(*port, "client").has_value());
    EXPECT_EQ(output("get", {"/tx/list", "--canonicalize"}), "[]\n") << "the socket still serves";
}

} // namespace

} // namespace holdfast::api
