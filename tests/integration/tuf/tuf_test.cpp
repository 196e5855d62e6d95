// tuf-client on repositories that python3-tuf made.

#include "stage.hpp"

#include <gtest/gtest.h>

#include <tuple>

namespace holdfast {
namespace {

class PythonRepository
    : public ::testing::TestWithParam<std::tuple<const char*, const char*, bool>> {
protected:
    void SetUp() override
    {
        const auto [key_type, consistent, over_http] = GetParam();
        repository = folder.path() / "repository";
        stage::run({"python3", HOLDFAST_TESTS_FOLDER "/make_repository.py", repository, key_type,
                    consistent});
        url = "file://" + repository.native() + "/";
        if (over_http) {
            server = std::make_unique<stage::Server>(folder.path());
            url = server->url("plain", "repository/");
        }
        client({"init", repository / "metadata/1.root.json"});
    }

    std::string client(const std::vector<std::string>& arguments, int exit_status = 0)
    {
        return stage::tuf_client(folder.path(), url, arguments, exit_status);
    }
    std::string content(const std::filesystem::path& file)
    {
        return files.read(file, 1U << 20).value_or("(none)");
    }

    stage::Folder folder;
    std::filesystem::path repository;
    std::string url;
    io::PosixFiles files;
    std::unique_ptr<stage::Server> server;
};

TEST_P(PythonRepository, IsReadWithItsDelegations)
{
    client({"refresh"});
    EXPECT_EQ(content(folder.path() / "metadata/root.json"),
              content(repository / "metadata/2.root.json"));
    client({"--target-name", "plain.txt", "--target-name", "parts/a b.bin", "--target-name",
            "hashed", "download"});
    EXPECT_EQ(content(folder.path() / "targets/plain.txt"), "listed by the top-level role\n");
    EXPECT_EQ(content(folder.path() / "targets/parts%2Fa%20b.bin").size(), 256'000U);
    EXPECT_EQ(content(folder.path() / "targets/hashed"), "");
}

TEST_P(PythonRepository, IsRefusedWithOneByteChanged)
{
    const auto file = repository / "metadata/timestamp.json";
    auto text = content(file);
    const auto at = text.find("\"version\": 1");
    ASSERT_NE(at, text.npos);
    text.replace(at, 12, "\"version\": 9");
    ASSERT_TRUE(io::replace_file(files, file, text).has_value());
    EXPECT_TRUE(client({"refresh"}, 1).contains("timestamp.json: 0 of 1 needed signatures hold"));
}

TEST_P(PythonRepository, HasNoTargetOfAnotherName)
{
    client({"--target-name", "plain.txt", "--target-name", "parts/none", "download"}, 1);
    EXPECT_EQ(content(folder.path() / "targets/plain.txt"), "listed by the top-level role\n");
}

INSTANTIATE_TEST_SUITE_P(Kinds, PythonRepository,
                         ::testing::Values(std::tuple("ed25519", "yes", true),
                                           std::tuple("ecdsa", "no", true),
                                           std::tuple("rsa", "yes", false)));

} // namespace
} // namespace holdfast
