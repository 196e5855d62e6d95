// What ./holdfast takes from the apt configuration of the host that it runs on, and what it needs
// there.

#include "io/posix/posix_system.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace holdfast {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

/// A host whose apt has this configuration and no index yet.
class HostApt : public ::testing::Test {
protected:
    HostApt()
    {
        std::string name = "/tmp/host-apt-XXXXXX";
        folder_ = ::mkdtemp(name.data());
        fs::create_directories(folder_ / "etc/apt/apt.conf.d");
        fs::create_directories(folder_ / "etc/apt/preferences.d");
        put("apt.conf", "Dir \"" + folder_.native() + "\";\n");
    }
    ~HostApt() override { fs::remove_all(folder_); }

    void put(const fs::path& path, const std::string& text)
    {
        fs::create_directories((folder_ / path).parent_path());
        std::ofstream(folder_ / path) << text;
    }
    void sources(const std::string& uris)
    {
        put("etc/apt/sources.list.d/debian.sources",
            "Types: deb deb-src\nURIs: " + uris + "\nSuites: trixie trixie-updates\n" +
                "Components: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n");
    }
    /// What a function of the script prints, on either stream.
    std::string ask(const std::string& words, std::map<std::string, std::string> environment = {})
    {
        environment.try_emplace("HOLDFAST_MIRROR", "");
        environment.try_emplace("http_proxy", "");
        environment.try_emplace("https_proxy", "");
        environment.try_emplace("no_proxy", "");
        environment["APT_CONFIG"] = (folder_ / "apt.conf").native();
        const std::string script = "set -euo pipefail\n"
                                   "die() { echo \"error: $*\"; exit 1; }\n"
                                   ". /src/holdfast/sdk/host_apt.sh\n";
        const auto outcome = processes_.run({.arguments = {"bash", "-c", script + words},
                                             .environment = std::move(environment),
                                             .time_limit = std::chrono::seconds{30}});
        EXPECT_TRUE(outcome.has_value());
        return outcome.has_value() ? outcome->output + outcome->errors : "";
    }

    fs::path folder_;
    io::PosixProcesses processes_;
};

TEST_F(HostApt, NamesItsMirror)
{
    sources("http://mirror.example/debian/");
    EXPECT_EQ(ask("host_mirror"), "http://mirror.example/debian\n");
    EXPECT_EQ(ask("host_mirror", {{"HOLDFAST_MIRROR", "http://other/debian"}}),
              "http://other/debian\n");
}

TEST_F(HostApt, NamesItsMirrorInTheOldForm)
{
    put("etc/apt/sources.list", "# deb http://not.this/debian trixie main\n"
                                "deb cdrom:[Debian 13]/debian trixie main\n"
                                "deb [arch=amd64] https://mirror.example/debian trixie main\n");
    EXPECT_EQ(ask("host_mirror"), "https://mirror.example/debian\n");
}

/// As Debian's cloud images have it.
TEST_F(HostApt, NamesTheFirstMirrorOfItsList)
{
    const auto list = folder_ / "etc/apt/mirrors/debian.list";
    put(list, "# Mirrors\nhttps://first/debian\tpriority:1\nhttp://second/debian\n");
    sources("mirror+file://" + list.native());
    EXPECT_EQ(ask("host_mirror"), "https://first/debian\n");
}

/// What apt has fetched is known to be Debian's, whatever the address looks like.
TEST_F(HostApt, NamesTheListOfItsIndexes)
{
    const auto list = folder_ / "etc/apt/mirrors/debian.list";
    put(list, "https://mirror.example/packages\n");
    sources("mirror+file://" + list.native());
    auto name = list.native();
    std::ranges::replace(name, '/', '_');
    const fs::path index = "state/lists/" + name + "_dists_trixie_";
    put(index.native() + "InRelease", "Origin: Debian\nCodename: trixie\nSuite: stable\n");
    put(index.native() + "main_binary-amd64_Packages", "");
    put("apt.conf", "Dir \"" + folder_.native() + "\";\nDir::State \"state\";\n" +
                        "APT::Architecture \"amd64\";\n");
    EXPECT_EQ(ask("host_mirror"), "https://mirror.example/packages\n");
}

TEST_F(HostApt, SaysWhatToDoAboutAMirrorThatCannotBeUsed)
{
    sources("file:///srv/debian copy:/srv/copy/debian mirror+file:///no/such/debian.list");
    const auto said = ask("host_mirror");
    EXPECT_THAT(said, HasSubstr("error: this host's apt configuration names no Debian mirror"));
    EXPECT_THAT(said, HasSubstr(", only file:///srv/debian copy:/srv/copy/debian "
                                "mirror+file:///no/such/debian.list; set HOLDFAST_MIRROR=URL"));
}

constexpr auto show_proxies = "use_host_proxy; echo \"$http_proxy $https_proxy $no_proxy\"";

TEST_F(HostApt, LendsItsProxy)
{
    put("etc/apt/apt.conf.d/99proxy", "Acquire::http::Proxy \"http://cache:3142\";\n");
    EXPECT_EQ(ask(show_proxies), "http://cache:3142 http://cache:3142 localhost,127.0.0.1,::1\n");
    EXPECT_EQ(ask(show_proxies, {{"http_proxy", "http://mine:1"}, {"no_proxy", "x"}}),
              "http://mine:1  x\n");
    put("etc/apt/apt.conf.d/99proxy", "Acquire::http::Proxy \"http://cache:3142\";\n"
                                      "Acquire::https::Proxy \"DIRECT\";\n");
    EXPECT_EQ(ask(show_proxies), "http://cache:3142  localhost,127.0.0.1,::1\n");
}

TEST_F(HostApt, WithoutAProxyChangesNothing)
{
    EXPECT_EQ(ask(show_proxies), "  \n");
}

/// A host with these programs and no others.
class HostPackages : public HostApt {
protected:
    /// Without text: one that is only looked for.
    void program(const std::string& name, const std::string& text = "")
    {
        const auto file = fs::path("bin") / name;
        put(file, "#!/bin/sh\n" + text + "\n");
        fs::permissions(folder_ / file, fs::perms::owner_all);
    }
    void user(int number)
    {
        program("id", "case $1 in -u) echo " + std::to_string(number) + ";; *) echo jo.doe;; esac");
    }
    std::string ask_for_packages()
    {
        return ask("cache=" + folder_.native() + "\nneed_host_packages",
                   {{"PATH", (folder_ / "bin").native()}});
    }
};

TEST_F(HostPackages, AreNamedWithTheCommandThatInstallsThem)
{
    user(1000);
    EXPECT_EQ(ask_for_packages(),
              "error: packages are missing. As root: apt-get install -y --no-install-recommends "
              "mmdebstrap debian-archive-keyring mount uidmap\n");
    program("mount");
    program("newuidmap");
    EXPECT_EQ(ask_for_packages(),
              "error: packages are missing. As root: apt-get install -y --no-install-recommends "
              "mmdebstrap debian-archive-keyring\n");
}

TEST_F(HostPackages, AreInstalledForRoot)
{
    user(0);
    program("mount");
    program("apt-get", "echo \"$@\"");
    EXPECT_EQ(ask_for_packages(), "holdfast: installing mmdebstrap debian-archive-keyring\n");
    std::ifstream log(folder_ / "apt.log");
    std::string first;
    std::string second;
    std::getline(log, first);
    std::getline(log, second);
    EXPECT_EQ(first, "update -qq");
    EXPECT_EQ(second, "install -y --no-install-recommends mmdebstrap debian-archive-keyring");
}

TEST_F(HostPackages, AreNotAllThatAUserOtherThanRootNeeds)
{
    user(1000);
    for (const auto* name : {"mmdebstrap", "mount", "newuidmap"}) {
        program(name);
    }
    fs::create_symlink("/usr/bin/grep", folder_ / "bin/grep");
    EXPECT_EQ(ask_for_packages(),
              "error: user jo.doe has no ids for a user namespace. As root: usermod --add-subuids "
              "100000-165535 --add-subgids 100000-165535 jo.doe\n");
}

} // namespace
} // namespace holdfast
