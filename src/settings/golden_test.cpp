#include "settings/model.hpp"
#include "toml/toml.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <regex>
#include <sstream>

namespace holdfast::settings {
namespace {

// The tests run in the root of the checkout (cmake/rooms.cmake).
const std::string folder = "src/settings/golden/";

std::string content(const std::string& path)
{
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return std::move(text).str();
}

/// Compares with the file; with GOLDEN_REWRITE set, makes it so.
void expect_golden(const std::string& path, const std::string& text)
{
    const char* rewrite = std::getenv("GOLDEN_REWRITE");
    if (rewrite != nullptr && *rewrite != '\0') {
        std::ofstream(path) << text;
    }
    EXPECT_EQ(content(path), text) << "GOLDEN_REWRITE=1 rewrites " << path;
}

Model model_of_all_groups()
{
    const Json variant = {{"groups", Model::known_groups()}};
    auto model = Model::load(to_text(variant));
    check(model.has_value(), "a model of all groups loads");
    return *std::move(model);
}

/// Settings of all groups with values that try to break out of the files they are written to.
Json hostile_settings(const Model& model)
{
    const auto settings = parse_json(content(folder + "settings.json"));
    check(settings.has_value(), "golden/settings.json is JSON");
    const auto values = model.flatten(*settings);
    check(values.has_value(), values.has_value() ? "" : values.error().message());
    auto all = model.defaults();
    for (const auto& [key, value] : *values) {
        all[key] = value;
    }
    return model.nest(all);
}

TEST(Golden, RenderedFiles)
{
    const auto model = model_of_all_groups();
    const auto settings = hostile_settings(model);
    for (const auto& [name, file] : model.configuration_files()) {
        const auto text = model.render(name, settings, Json::object());
        ASSERT_TRUE(text.has_value()) << text.error().message();
        expect_golden(folder + "files/" + name, *text);
    }
}

TEST(Golden, RenderedFilesOfDefaultsAlone)
{
    const auto model = model_of_all_groups();
    auto values = model.defaults();
    values["settings.network.hostname"] = "\"node\"";
    for (const auto& [name, file] : model.configuration_files()) {
        const auto text = model.render(name, model.nest(values), Json::object());
        ASSERT_TRUE(text.has_value()) << text.error().message();
        expect_golden(folder + "files-of-defaults/" + name, *text);
    }
}

TEST(Golden, FactoryHasFilesOfDefaults)
{
    // So that what has started with them at boot need not start again once settings are applied.
    const std::string factory = "src/boot/targets/root/usr/share/factory";
    const auto model = model_of_all_groups();
    for (const auto* name : {"proxy-env", "modprobe-conf", "modules-load", "certdog-toml"}) {
        EXPECT_EQ(content(factory + model.configuration_files().at(name).path),
                  content(folder + "files-of-defaults/" + name));
    }
}

TEST(ConfigurationFiles, ThatMayHoldSecretsAreOfTheirOwnerAlone)
{
    const auto model = model_of_all_groups();
    for (const auto* name :
         {"proxy-env", "updog-toml", "host-ctr-toml", "host-containers-toml", "api-remote"}) {
        EXPECT_EQ(model.configuration_files().at(name).mode, "0600") << name;
    }
}

/// A unit file of the image, by its name.
std::string unit_file(const std::string& name)
{
    for (const auto* root : {"src/boot/targets/root", "src/containers/root"}) {
        const auto text = content(std::string(root) + "/usr/lib/systemd/system/" + name);
        if (!text.empty()) {
            return text;
        }
    }
    return "";
}

TEST(RestartCommands, NeitherWaitForThemselvesNorForgetAUnitThatFailed)
{
    const auto model = model_of_all_groups();
    int seen = 0;
    for (const auto& [name, service] : model.services()) {
        for (const auto& command : service.restart_commands) {
            if (!command.contains("restart ")) {
                continue;
            }
            SCOPED_TRACE(command);
            ++seen;
            const auto unit = unit_file(command.substr(command.rfind(' ') + 1));
            EXPECT_TRUE(unit.contains("\nStartLimitIntervalSec=0\n"));
            if (command.contains(" try-")) {
                // Skips a failed unit; so there must be none.
                EXPECT_TRUE(unit.contains("\nRestart=always\n"));
            } else {
                // settings-applier waits for it, also at boot.
                const std::regex waits("\n(After|Requires)=[^\n]*(settings-applier|preconfigured)");
                EXPECT_FALSE(std::regex_search(unit, waits));
            }
        }
    }
    EXPECT_EQ(seen, 4);
}

TEST(Golden, TomlFilesCarryTheValuesUnchanged)
{
    const auto model = model_of_all_groups();
    const auto settings = hostile_settings(model);
    const auto read = [&](const char* name) {
        return *parse_toml(*model.render(name, settings, Json::object()));
    };
    EXPECT_EQ(read("corndog-toml")["sysctl"], settings["kernel"]["sysctl"]);
    EXPECT_EQ(read("host-containers-toml")["host-containers"], settings["host-containers"]);
}

TEST(Golden, Schema)
{
    expect_golden(folder + "schema.json", to_pretty_text(model_of_all_groups().schema()) + "\n");
}

TEST(Golden, ReferencePageOfTheDocumentation)
{
    expect_golden("docs/settings.md", model_of_all_groups().reference_page());
}

} // namespace
} // namespace holdfast::settings
