// `./holdfast repo` as publishers type it. No machine is started; the releases are those of the update
// tests.

#include "releases.hpp"

#include <gmock/gmock.h>

namespace holdfast::vm {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
namespace fs = std::filesystem;


/// Keys of people, as paths from the checkout.
class People {
public:
    explicit People(std::string folder) : folder_(std::move(folder))
    {
        fs::remove_all(checkout / folder_);
        fs::create_directories(checkout / folder_);
        for (const auto* name : {"anna", "bert", "carol"}) {
            openssl({"genpkey", "-algorithm", "ed25519", "-out", checkout / key_of(name)});
            openssl({"pkey", "-in", checkout / key_of(name), "-pubout", "-out",
                     checkout / public_key_of(name)});
        }
    }
    std::string key_of(const std::string& name) const { return folder_ + "/" + name + ".pem"; }
    std::string public_key_of(const std::string& name) const { return folder_ + "/" + name + ".pub"; }
    void save(const std::string& path, std::string_view text)
    {
        EXPECT_TRUE(succeeds(io::replace_file(files_, checkout / path, text, 0600)));
    }
    std::string folder() const { return folder_; }

private:
    void openssl(std::vector<std::string> arguments)
    {
        arguments.insert(arguments.begin(), "openssl");
        EXPECT_TRUE(succeeds(io::run_checked(processes_, {.arguments = std::move(arguments)})));
    }

    io::PosixFiles files_;
    io::PosixProcesses processes_;
    std::string folder_;
};

class RepositoryVerbs : public ::testing::Test {
protected:
    RepositoryVerbs() : people_("out/test-logs/" + this_test() + "-people") {}

    /// What the command prints, or its error.
    std::string repo(std::vector<std::string> arguments)
    {
        auto printed = repository_->run(std::move(arguments));
        return printed ? *printed : "refused: " + printed.error().message();
    }
    /// The same with the keys of anna and bert.
    std::string repo_of_both(std::vector<std::string> arguments)
    {
        arguments.insert(arguments.begin(), {"--key", people_.key_of("anna"), "--key",
                                             people_.key_of("bert")});
        return repo(std::move(arguments));
    }
    std::string add(const std::string& version, std::vector<std::string> more)
    {
        more.insert(more.begin(), {"add", "--variant", "metal-dev", "--build",
                                   releases_->manifest(version), "--foreign-root"});
        return repo_of_both(std::move(more));
    }

    People people_;
    std::optional<Releases> releases_;
    std::optional<Repository> repository_;
};

TEST_F(RepositoryVerbs, ServeTwoPeopleWhoSignInTurn)
{
    auto built = Releases::build();
    ASSERT_TRUE(succeeds(built));
    releases_.emplace(*std::move(built));
    auto made = Repository::create_foreign(
        this_test(), {"--root-key", people_.public_key_of("anna"), "--root-key",
                      people_.public_key_of("bert"), "--root-threshold", "2", "--targets-key",
                      people_.public_key_of("anna"), "--targets-key",
                      people_.public_key_of("bert"), "--targets-threshold", "2"});
    ASSERT_TRUE(succeeds(made));
    repository_.emplace(*std::move(made));

    EXPECT_THAT(repo({"--key", people_.key_of("anna"), "sign"}), HasSubstr("1 of 2 needed"));
    EXPECT_THAT(repo({"--key", people_.key_of("bert"), "sign"}), HasSubstr("published"));
    EXPECT_THAT(repo_of_both({"add", "--variant", "metal-dev", "--build",
                              releases_->manifest("1.0.0")}),
                HasSubstr("none of this repository's")) << "images of this checkout trust another one";
    EXPECT_THAT(add("1.0.0", {}), HasSubstr("published"));
    EXPECT_THAT(add("1.1.0", {}), HasSubstr("refused")) << "no migration leads to it";
    EXPECT_THAT(add("1.1.0", {"--migrates-from", "1.0.0"}), HasSubstr("published"));
    EXPECT_THAT(repo({"verify"}), HasSubstr("1.0.0 1.1.0"));

    people_.save(people_.folder() + "/waves.toml",
                 "[[waves]]\nstart_after = \"1 day\"\nfleet_percentage = 100\n");
    EXPECT_THAT(repo_of_both({"waves", "1.1.0", "--wave-policy", people_.folder() + "/waves.toml"}),
                HasSubstr("published"));
    EXPECT_THAT(repo({"--key", people_.key_of("anna"), "set-max-version", "1.0.0"}),
                HasSubstr("1 of 2 needed"));
    EXPECT_THAT(repo({"--key", people_.key_of("bert"), "sign"}), HasSubstr("published"));
    EXPECT_THAT(repo_of_both({"remove", "9.9.9"}), HasSubstr("does not offer 9.9.9"));
    EXPECT_THAT(repo_of_both({"remove", "1.1.0"}), HasSubstr("published"));
    EXPECT_THAT(repo({"verify"}), Not(HasSubstr("1.1.0")));
    EXPECT_THAT(repo({"refresh", "--role", "timestamp"}), HasSubstr("published"));

    // Carol comes; two of the three are needed.
    EXPECT_THAT(repo({"--key", people_.key_of("anna"), "rotate-root", "--role", "targets",
                      "--add-key", people_.public_key_of("carol"), "--threshold", "2"}),
                HasSubstr("1 of 2 needed"));
    EXPECT_THAT(repo({"--key", people_.key_of("bert"), "sign"}), HasSubstr("published"));
    EXPECT_THAT(repo({"--key", people_.key_of("carol"), "--key", people_.key_of("bert"), "add",
                      "--variant", "metal-dev", "--build", releases_->manifest("1.1.0"),
                      "--migrates-from", "1.0.0", "--foreign-root"}),
                HasSubstr("published"));
    EXPECT_THAT(repo({"verify"}), HasSubstr("1.0.0 1.1.0"));
    fs::remove_all(repository_->folder());
}

} // namespace
} // namespace holdfast::vm
