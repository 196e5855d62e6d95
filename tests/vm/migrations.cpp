#include "migrations.hpp"

#include <map>

namespace holdfast::vm {

namespace {

constexpr auto of_1_1_0 = R"(version = "1.1.0"
name = "kinds"
[[step]]
kind = "map"
key = "settings.motd"
values = [{ before = "of 1.0.0", after = "of 1.1.0" }]
[[step]]
kind = "rename"
from = 'settings.kernel.sysctl."vm.dirty_ratio"'
to = 'settings.kernel.sysctl."vm.swappiness"'
[[step]]
kind = "default"
key = 'settings.kernel.sysctl."vm.overcommit_ratio"'
before = "40"
after = "45"
)";

constexpr auto of_1_2_0 = R"(version = "1.2.0"
name = "more-kinds"
[[step]]
kind = "map"
key = "settings.motd"
values = [{ before = "of 1.1.0", after = "of 1.2.0" }]
[[step]]
kind = "remove"
key = "settings.kernel.modules.*.autoload"
[[step]]
kind = "move"
from = "settings.host-containers.old"
to = "settings.host-containers.new"
)";

constexpr auto of_1_9_0 = R"(version = "1.9.0"
name = "bad"
[[step]]
kind = "map"
key = "settings.motd"
values = [{ before = "bad migration", after = 7 }]
)";

Json container()
{
    return {{"enabled", false}, {"superpowered", true}, {"source", "file:///no/such.tar"}};
}

} // namespace

std::string migration_of(const std::string& version)
{
    static const std::map<std::string, const char*> migrations{
        {"1.1.0", of_1_1_0}, {"1.2.0", of_1_2_0}, {"1.9.0", of_1_9_0}};
    return migrations.at(version);
}

Json chosen_settings()
{
    return {{"motd", "of 1.0.0"},
            {"kernel",
             {{"sysctl", {{"vm.dirty_ratio", "30"}}},
              {"modules", {{"dummy", {{"allowed", true}, {"autoload", false}}}}}}},
            {"host-containers", {{"old", container()}}}};
}

Json generated_settings()
{
    return {{"kernel", {{"sysctl", {{"vm.overcommit_ratio", "40"}}}}}};
}

Json migrated_settings(const std::string& version)
{
    Json settings = chosen_settings();
    settings.merge_patch(generated_settings());
    if (version == "1.0.0") {
        return settings;
    }
    settings["motd"] = "of 1.1.0";
    settings["kernel"]["sysctl"] = {{"vm.dirty_ratio", nullptr},
                                    {"vm.swappiness", "30"},
                                    {"vm.overcommit_ratio", "45"}};
    if (version == "1.1.0") {
        return settings;
    }
    settings["motd"] = "of 1.2.0";
    settings["kernel"]["modules"]["dummy"]["autoload"] = nullptr;
    settings["host-containers"] = {{"old", nullptr}, {"new", container()}};
    return settings;
}

bool has_settings(const Json& settings, const Json& expected)
{
    // RFC 7396 does the comparison: what is to be there already changes nothing.
    Json patched = settings;
    patched.merge_patch(expected);
    return patched == settings;
}

} // namespace holdfast::vm
