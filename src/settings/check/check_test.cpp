#include "settings/check/check.hpp"

#include <gtest/gtest.h>

#include <sstream>

namespace holdfast::settings {
namespace {

struct Case {
    std::string text;
    int status;
    std::string printed;
};

TEST(Check, NamesLineAndRemedyOfEachProblem)
{
    const auto model = Model::load(R"({"groups": ["motd", "kernel", "network", "api"]})");
    ASSERT_TRUE(model.has_value());
    const std::vector<Case> table = {
        {"[settings]\nmotd = 'hi'\n", 0, ""},
        {"", 0, ""},
        {"[settings]\nmotd = 1\n\n[settings.kernel]\nlockdwn = 'none'\n", 1,
         "u.toml:2: settings.motd: expected text\n"
         "u.toml:5: settings.kernel.lockdwn: unknown setting (did you mean lockdown?)\n"},
        // In the order of the file, not of the names.
        {"[settings.network]\nhostname = 'A'\n[settings.kernel]\nlockdown = 'x'\n", 1,
         "u.toml:2: settings.network.hostname: expected a host name (lower-case letters, digits, "
         "'-' and '.', at most 253)\n"
         "u.toml:4: settings.kernel.lockdown: expected one of none, integrity, confidentiality\n"},
        {"[settings.kernel.sysctl]\n'vm.x' = 1\n", 1,
         "u.toml:2: settings.kernel.sysctl.\"vm.x\": expected text of one line, without control "
         "characters\n"},
        {"[settings.network]\nhosts = [\n  ['10.0.0.1', ['a']],\n  ['10.0.0.0/8', ['b']],\n]\n", 1,
         "u.toml:2: settings.network.hosts: item 2: expected an IP address, without a prefix "
         "length\n"},
        {"[settings.ntp]\noptions = []\n", 1,
         "u.toml:1: settings.ntp: not a setting of this "
         "variant\n"},
        {"[settings]\nkernel.lockdown = { a = 1 }\n", 1,
         "u.toml:2: settings.kernel.lockdown: expected one of none, integrity, confidentiality\n"},
        {"[settings.api.remote]\nenabled = true\nport = 1\n", 1,
         "u.toml:1: settings.api.remote.client-ca: expected a certificate at least, since "
         "settings.api.remote.enabled is true\n"
         "u.toml:1: settings.api.remote.server-certificate: expected a certificate at least, since "
         "settings.api.remote.enabled is true\n"
         "u.toml:1: settings.api.remote.server-key: expected a private key, since "
         "settings.api.remote.enabled is true\n"},
        {"[setings]\n", 1,
         "u.toml: there is no table 'settings'; all settings stand below [settings]\n"},
        {"[settings]\nx = 2020-01-01\n", 1,
         "u.toml:2: settings.x: a date or time; no setting takes one (put it in quotes if it is text)\n"},
    };
    for (const auto& [text, status, printed] : table) {
        SCOPED_TRACE(text);
        std::ostringstream out;
        const auto result = check_user_data("u.toml", text, *model, out);
        ASSERT_TRUE(result.has_value());
        EXPECT_EQ(*result, status);
        EXPECT_EQ(out.str(), printed);
    }
}

} // namespace
} // namespace holdfast::settings
