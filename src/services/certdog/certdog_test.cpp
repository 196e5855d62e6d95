#include "services/certdog/certdog.hpp"

#include "base/text.hpp"
#include "io/testing/fake_clock.hpp"
#include "io/testing/fake_files.hpp"
#include "io/testing/fake_processes.hpp"
#include "io/testing/fake_random.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast::certdog {
namespace {

using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr auto bundle_file = "/etc/pki/tls/certs/ca-bundle.crt";
constexpr auto image_file = "/usr/share/holdfast/ca-bundle.crt";

std::string pem(const std::string& base64)
{
    return "-----BEGIN CERTIFICATE-----\n" + base64 + "\n-----END CERTIFICATE-----\n";
}

std::string entry(const std::string& name, const std::string& text, bool trusted)
{
    return "[" + name + "]\ndata = \"" + to_base64(text) + "\"\ntrusted = " +
           (trusted ? "true" : "false") + "\n";
}

struct Machine {
    io::FakeFiles files{{image_file, pem("QUFB") + pem("QkJC")}, {bundle_file, "old"}};
    io::FakeClock clock;
    io::FakeRandom random;
    io::FakeProcesses processes;
    io::System system{files, clock, random, processes, nullptr};

    Result<int> run_with(const std::string& toml)
    {
        files.put("/etc/certdog.toml", toml);
        return run({}, system);
    }
};

TEST(Certificates, AreFoundAmongOtherTextHoweverTheyAreWrapped)
{
    const auto found = parse_certificates("# a comment\n" + pem("QU\nFB") + "junk\n" + pem("Q kJC"));
    ASSERT_TRUE(found.has_value());
    EXPECT_THAT(*found, ElementsAre("QUFB", "QkJC"));
}

TEST(Certificates, AreRefusedWhenCutShortEmptyOrNoBase64)
{
    for (const auto& text : {std::string("-----BEGIN CERTIFICATE-----\nQUFB\n"), std::string(""),
                             pem(""), pem("QUF"), pem("****"), std::string("no certificate")}) {
        EXPECT_FALSE(parse_certificates(text).has_value()) << text;
    }
}

TEST(Bundle, WithoutSettingsIsTheImages)
{
    Machine machine;
    ASSERT_TRUE(machine.run_with("").has_value());
    EXPECT_EQ(*machine.files.read(bundle_file), pem("QUFB") + pem("QkJC"));
}

TEST(Bundle, EndsWithTheTrustedOnesUnderTheirNames)
{
    Machine machine;
    ASSERT_TRUE(machine.run_with(entry("corp", pem("Q0ND"), true)).has_value());
    EXPECT_EQ(*machine.files.read(bundle_file),
              pem("QUFB") + pem("QkJC") + "# corp\n" + pem("Q0ND"));
}

TEST(Bundle, LosesWhatIsNotTrusted)
{
    Machine machine;
    ASSERT_TRUE(machine.run_with(entry("gone", pem("QU\nFB"), false)).has_value());
    EXPECT_EQ(*machine.files.read(bundle_file), pem("QkJC"));
}

TEST(Bundle, StaysWhenASettingIsBad)
{
    Machine machine;
    const auto result = machine.run_with("[corp]\ndata = \"" + to_base64("nothing") +
                                         "\"\ntrusted = true\n");
    ASSERT_FALSE(result.has_value());
    EXPECT_THAT(result.error().message(), HasSubstr("settings.pki.corp"));
    EXPECT_EQ(*machine.files.read(bundle_file), "old");
}

TEST(Bundle, NameCannotBecomeALineOfItsOwn)
{
    const auto text = combine(pem("QUFB"), {{.name = "a\nb", .certificates = {"Q0ND"}, .trusted = true}});
    ASSERT_TRUE(text.has_value());
    EXPECT_THAT(*text, HasSubstr("# a?b\n"));
    EXPECT_THAT(*text, Not(HasSubstr("\nb\n")));
}

TEST(Bundle, IsOldOrNewAfterAPowerCutAtAnyStep)
{
    bool finished = false;
    for (int step = 0; !finished; ++step) {
        Machine machine;
        machine.files.put("/etc/certdog.toml", entry("corp", pem("Q0ND"), true));
        machine.files.cut_power_after(step);
        finished = run({}, machine.system).has_value();
        machine.files.restart(io::Unflushed::names_kept);
        const auto found = machine.files.read(bundle_file);
        ASSERT_TRUE(found.has_value()) << step;
        EXPECT_THAT(*found, AnyOf("old", pem("QUFB") + pem("QkJC") + "# corp\n" + pem("Q0ND")))
            << step;
    }
}

} // namespace
} // namespace holdfast::certdog
