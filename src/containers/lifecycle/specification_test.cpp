#include "containers/lifecycle/specification.hpp"

#include "containers/lifecycle/seccomp.hpp"
#include "io/testing/fake_files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace holdfast::containers {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

/// A host with everything that containers get, and all capabilities.
io::FakeFiles full_host()
{
    io::FakeFiles host({{"/run/api.sock", ""},
                        {"/usr/bin/apiclient", ""},
                        {"/usr/bin/kmod", ""},
                        {"/etc/hosts", ""},
                        {"/etc/resolv.conf", ""},
                        {"/etc/os-release", ""},
                        {"/usr/share/holdfast/application-inventory.json", ""},
                        {"/proc/1/status", "Name:\tsystemd\nCapBnd:\t000001ffffffffff\n"}});
    for (const char* folder :
         {"/local/host-containers/admin", "/local/bootstrap-containers/admin",
          "/local/host-containers/current", "/var/log/support", "/lib/modules", "/usr/src/kernels",
          "/sys/firmware", "/sys/kernel/debug", "/mnt", "/etc/pki/tls/certs", "/"}) {
        host.put_directory(folder);
    }
    host.put("/usr/share/holdfast/ca-bundle.crt", "");
    return host;
}

ImageProcess shell()
{
    ImageProcess process;
    process.entrypoint = {"/bin/sh"};
    process.arguments = {"-l"};
    process.environment = {"LANG=C"};
    return process;
}

ContainerRequest request(Kind kind, bool superpowered)
{
    return {.name = "admin",
            .kind = kind,
            .superpowered = superpowered,
            .command = {},
            .cgroup = "/default/admin",
            .proxies = {"NO_PROXY=localhost"}};
}

Json made(const ContainerRequest& wanted, io::FakeFiles host = full_host())
{
    auto made = make_specification(wanted, shell(), host);
    EXPECT_TRUE(made.has_value()) << made.error().message();
    return made.has_value() ? *made : Json{};
}

/// Compares with the file beside this test; GOLDEN_REWRITE=1 writes it.
void expect_golden(const Json& value, const std::string& name)
{
    const auto path = "src/containers/lifecycle/golden/" + name;
    const auto text = to_pretty_text(value) + "\n";
    if (const char* rewrite = std::getenv("GOLDEN_REWRITE");
        rewrite != nullptr && *rewrite != '\0') {
        std::ofstream(path) << text;
    }
    std::ostringstream golden;
    golden << std::ifstream(path).rdbuf();
    EXPECT_EQ(text, golden.str());
}

TEST(Specification, OfAHostContainer)
{
    auto specification = made(request(Kind::host, false));
    specification["linux"].erase("seccomp"); // Has a golden file of its own.
    expect_golden(specification, "host.json");
}

TEST(Specification, OfASuperpoweredContainer)
{
    expect_golden(made(request(Kind::host, true)), "superpowered.json");
}

TEST(Specification, OfABootstrapContainer)
{
    auto host = full_host();
    host.put_directory("/var/lib/kubelet");
    auto specification = made(request(Kind::bootstrap, false), host);
    specification["linux"].erase("seccomp");
    expect_golden(specification, "bootstrap.json");
}

TEST(Specification, BootstrapContainersCannotBeSuperpowered)
{
    auto host = full_host();
    const auto result = make_specification(request(Kind::bootstrap, true), shell(), host);
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().message(), "Bootstrap containers can't be superpowered");
}

TEST(Specification, LabelsProcessesWhereTheKernelHasSelinux)
{
    auto host = full_host();
    host.put("/sys/fs/selinux/enforce", "1");
    EXPECT_EQ(made(request(Kind::host, false), host)["process"]["selinuxLabel"],
              "system_u:system_r:control_t:s0-s0:c0.c1023");
    EXPECT_EQ(made(request(Kind::host, true), host)["process"]["selinuxLabel"],
              "system_u:system_r:super_t:s0-s0:c0.c1023");
    EXPECT_EQ(made(request(Kind::bootstrap, false), host)["process"]["selinuxLabel"],
              "system_u:system_r:control_t:s0-s0:c0.c1023");
    EXPECT_EQ(made(request(Kind::host, false), host)["linux"]["mountLabel"],
              "system_u:object_r:secret_t:s0");
}

TEST(Specification, AHostWithoutAPathOfTheInterfaceIsAnError)
{
    for (const char* path : {"/run/api.sock", "/usr/bin/apiclient", "/var/log/support",
                             "/etc/hosts", "/local/host-containers/admin"}) {
        auto host = full_host();
        EXPECT_TRUE(host.remove(path));
        const auto result = make_specification(request(Kind::host, false), shell(), host);
        ASSERT_FALSE(result.has_value()) << path;
        EXPECT_EQ(result.error().code(), Errc::not_found);
        EXPECT_THAT(result.error().message(), HasSubstr(path));
    }
}

TEST(Specification, AContainerNamedCurrentHasOneFolder)
{
    auto wanted = request(Kind::host, false);
    wanted.name = "current";
    int found = 0;
    const auto specification = made(wanted);
    for (const auto& mount : specification["mounts"]) {
        found += mount["destination"] == "/.bottlerocket/host-containers/current" ? 1 : 0;
    }
    EXPECT_EQ(found, 1);
}

TEST(Specification, ACommandReplacesEntrypointAndArguments)
{
    auto wanted = request(Kind::host, false);
    wanted.command = {"/bin/true"};
    EXPECT_EQ(made(wanted)["process"]["args"], Json({"/bin/true"}));
}

TEST(Specification, WithoutAnythingToRunIsAnError)
{
    auto host = full_host();
    EXPECT_FALSE(make_specification(request(Kind::host, false), ImageProcess{}, host).has_value());
}

TEST(Specification, SuperpowersAreThoseThatTheHostHas)
{
    auto host = full_host();
    host.put("/proc/1/status", "Name:\tinit\nCapBnd:\t0000000000000003\n");
    EXPECT_EQ(made(request(Kind::host, true), host)["process"]["capabilities"]["bounding"],
              Json({"CAP_CHOWN", "CAP_DAC_OVERRIDE"}));
}

TEST(ImageProcessOf, ReadsTheConfiguration)
{
    const auto process = ImageProcess::parse(
        {{"config",
          {{"Entrypoint", {"/init"}}, {"Cmd", {"a"}}, {"Env", {"A=1"}}, {"WorkingDir", "/srv"},
           {"User", "12:34"}}}});
    ASSERT_TRUE(process.has_value()) << process.error().message();
    EXPECT_EQ(process->entrypoint, std::vector<std::string>{"/init"});
    EXPECT_EQ(process->arguments, std::vector<std::string>{"a"});
    EXPECT_EQ(process->environment, std::vector<std::string>{"A=1"});
    EXPECT_EQ(process->directory, "/srv");
    EXPECT_EQ(process->user, 12U);
    EXPECT_EQ(process->group, 34U);
}

TEST(ImageProcessOf, MissingPartsHaveDefaults)
{
    for (const Json& configuration :
         {Json::object(), Json{{"config", nullptr}}, Json{{"config", {{"Entrypoint", nullptr}}}}}) {
        const auto process = ImageProcess::parse(configuration);
        ASSERT_TRUE(process.has_value()) << configuration;
        EXPECT_EQ(process->directory, "/");
        EXPECT_EQ(process->user, 0U);
    }
}

TEST(ImageProcessOf, KnowsRootByItsName)
{
    for (const char* user : {"root", "root:root", "root:0", "0:root"}) {
        const auto process = ImageProcess::parse({{"config", {{"User", user}}}});
        ASSERT_TRUE(process.has_value()) << user;
        EXPECT_EQ(process->user, 0U);
        EXPECT_EQ(process->group, 0U);
    }
}

TEST(ImageProcessOf, RefusesWhatItCannotHonour)
{
    EXPECT_EQ(ImageProcess::parse({{"config", {{"User", "nobody"}}}}).error().code(),
              Errc::unsupported);
    EXPECT_EQ(ImageProcess::parse({{"config", {{"User", "1:"}}}}).error().code(),
              Errc::unsupported);
    EXPECT_FALSE(ImageProcess::parse({{"config", {{"Env", "A=1"}}}}).has_value());
    EXPECT_FALSE(ImageProcess::parse({{"config", {{"Cmd", {1}}}}}).has_value());
    EXPECT_FALSE(ImageProcess::parse({{"config", 1}}).has_value());
    EXPECT_FALSE(ImageProcess::parse(Json::array()).has_value());
}

Json allowed_calls(const std::set<std::string>& capabilities, const std::set<std::string>& extra)
{
    return seccomp_profile(capabilities, extra)["syscalls"][0]["names"];
}

TEST(Seccomp, DefaultProfile)
{
    expect_golden(seccomp_profile({"CAP_SYS_CHROOT"}, {}), "seccomp.json");
}

TEST(Seccomp, CapabilitiesOpenTheirCalls)
{
    EXPECT_THAT(allowed_calls({}, {}), Not(Contains("mount")));
    EXPECT_THAT(allowed_calls({"CAP_SYS_ADMIN"}, {}), Contains("mount"));
    EXPECT_THAT(allowed_calls({"CAP_SYS_ADMIN"}, {}), Contains("bpf"));
    EXPECT_THAT(allowed_calls({"CAP_BPF"}, {}), Contains("bpf"));
    EXPECT_THAT(allowed_calls({}, {}), Not(Contains("chroot")));
    EXPECT_THAT(allowed_calls({"CAP_SYS_ADMIN"}, {}), Contains("clone3"));
    for (const char* never : {"kexec_load", "keyctl", "userfaultfd", "swapon"}) {
        EXPECT_THAT(allowed_calls({"CAP_SYS_ADMIN", "CAP_SYS_BOOT"}, {}), Not(Contains(never)));
    }
    EXPECT_THAT(allowed_calls({}, {"swapon"}), Contains("swapon"));
}

} // namespace
} // namespace holdfast::containers
