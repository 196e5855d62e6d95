#include "stage.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <thread>

namespace holdfast::stage {

namespace fs = std::filesystem;

Folder::Folder()
{
    std::string name = "/tmp/holdfast-tuf-XXXXXX";
    path_ = ::mkdtemp(name.data());
}

Folder::~Folder()
{
    std::error_code error;
    fs::remove_all(path_, error);
}

Server::Server(const fs::path& folder)
{
    const auto port_file = folder / "port";
    const auto started = background_.start(
        {"python3", HOLDFAST_TESTS_FOLDER "/odd_server.py", folder, port_file}, folder / "log");
    EXPECT_TRUE(started.has_value());
    id_ = started.has_value() ? *started : 0;
    io::PosixFiles files;
    for (int tries = 0; tries < 300 && port_.empty(); ++tries) {
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        port_ = files.read(port_file, 100).value_or("");
    }
    EXPECT_FALSE(port_.empty()) << "the server does not start";
}

Server::~Server()
{
    if (id_ != 0) {
        static_cast<void>(background_.kill(id_).has_value());
    }
}

std::string Server::url(const std::string& habit, const std::string& file) const
{
    return "http://127.0.0.1:" + port_ + "/" + habit + "/" + file;
}

std::string run(const std::vector<std::string>& arguments, int exit_status)
{
    io::PosixProcesses processes;
    const auto outcome = processes.run({.arguments = arguments});
    EXPECT_TRUE(outcome.has_value()) << arguments[0];
    if (!outcome.has_value()) {
        return {};
    }
    EXPECT_EQ(outcome->exit_status, exit_status) << outcome->output << outcome->errors;
    return outcome->output + outcome->errors;
}

std::string tuf_client(const std::filesystem::path& folder, const std::string& url,
                       const std::vector<std::string>& arguments, int exit_status)
{
    std::vector<std::string> all{HOLDFAST_PROGRAMS "/tuf-client",
                                 "--metadata-dir",
                                 folder / "metadata",
                                 "--metadata-url",
                                 url + "metadata",
                                 "--target-base-url",
                                 url + "targets",
                                 "--target-dir",
                                 folder / "targets"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    return run(all, exit_status);
}

std::string make_token(const std::filesystem::path& folder)
{
    constexpr auto module = "/usr/lib/softhsm/libsofthsm2.so";
    constexpr auto pin = "5678";
    const auto tokens = folder / "tokens";
    const auto configuration = folder / "softhsm.conf";
    const auto pin_file = folder / "pin";
    io::PosixFiles files;
    EXPECT_TRUE(files.create_directories(tokens, 0700).has_value());
    EXPECT_TRUE(
        io::replace_file(files, configuration, "directories.tokendir = " + tokens.native() + "\n")
            .has_value());
    EXPECT_TRUE(io::replace_file(files, pin_file, pin).has_value());
    ::setenv("SOFTHSM2_CONF", configuration.c_str(), 1);
    ::setenv("PKCS11_PROVIDER_MODULE", module, 1);
    run({"softhsm2-util", "--init-token", "--free", "--label", "release", "--so-pin", "1234",
         "--pin", pin});
    run({"pkcs11-tool", "--module", module, "--login", "--pin", pin, "--keypairgen", "--key-type",
         "EC:prime256v1", "--label", "root", "--id", "01"});
    return "pkcs11:token=release;object=root;type=private?pin-source=file:" + pin_file.native();
}

} // namespace holdfast::stage
