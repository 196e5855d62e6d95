#include "settings/container_registry/container_registry.hpp"
#include "settings/model.hpp"
#include "toml/toml.hpp"

#include <gmock/gmock.h>

namespace holdfast::settings {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class ContainerRegistryTest : public ::testing::Test {
protected:
    static Model load()
    {
        auto model = Model::load(R"({"groups": ["container-registry", "host-containers"]})");
        check(model.has_value(), "the test's variant loads");
        return *std::move(model);
    }
    /// The file of host containers for what a document says.
    Json rendered(const std::string& settings)
    {
        const auto values = model_.flatten(*parse_json(settings));
        EXPECT_TRUE(values.has_value()) << values.error().message();
        const auto text = model_.render("host-ctr-toml", model_.nest(*values), Json::object());
        EXPECT_TRUE(text.has_value());
        return *parse_toml(*text);
    }

    Model model_ = load();
};

TEST_F(ContainerRegistryTest, GoesIntoTheFileOfHostContainers)
{
    const auto file = rendered(R"({"container-registry": {
        "mirrors": [{"registry": "docker.io", "endpoint": ["https://a.example", "b.example/v2/x"]},
                    {"registry": "*", "endpoint": ["https://c.example"]},
                    {"registry": "docker.io", "endpoint": ["https://last.example"]}],
        "credentials": [{"registry": "docker.io", "username": "u", "password": "p"},
                        {"registry": "b.example", "auth": "dTpw"},
                        {"registry": "c.example", "identitytoken": "t"}]}})");
    EXPECT_EQ(file, *parse_json(R"({
        "mirrors": {"docker.io": {"endpoints": ["https://a.example", "b.example/v2/x",
                                                "https://last.example"]},
                    "*": {"endpoints": ["https://c.example"]}},
        "creds": {"registry-1.docker.io": {"username": "u", "password": "p"},
                  "b.example": {"auth": "dTpw"},
                  "c.example": {"identitytoken": "t"}}})"));
    EXPECT_EQ(rendered("{}"), *parse_json(R"({"mirrors": {}, "creds": {}})"));
}

TEST_F(ContainerRegistryTest, TheMapOfMirrorsBecomesTheList)
{
    const auto values = model_.flatten(
        *parse_json(R"({"container-registry": {"mirrors": {"b": ["https://x"], "a": ["y"]}}})"));
    ASSERT_TRUE(values.has_value()) << values.error().message();
    EXPECT_EQ(values->at("settings.container-registry.mirrors"),
              R"([{"endpoint":["y"],"registry":"a"},{"endpoint":["https://x"],"registry":"b"}])");
}

TEST_F(ContainerRegistryTest, CredentialsHaveASecondNameAndAreSecret)
{
    const auto values = model_.flatten(
        *parse_json(R"({"container-registry": {"creds": [{"registry": "a", "password": "p"}]}})"));
    ASSERT_TRUE(values.has_value()) << values.error().message();
    EXPECT_TRUE(values->contains("settings.container-registry.credentials"));
    EXPECT_TRUE(model_.is_secret("settings.container-registry.credentials"));
    EXPECT_FALSE(model_.is_secret("settings.container-registry.mirrors"));
    EXPECT_THAT(model_.affected_services("settings.container-registry.credentials"),
                ElementsAre("host-containers"));
}

TEST_F(ContainerRegistryTest, RefusesOtherShapesWithoutSayingWhatStandsThere)
{
    const std::pair<const char*, const char*> table[] = {
        {R"({"mirrors": [{"registry": "a"}]})", "item 1: expected a member endpoint"},
        {R"({"mirrors": [{"endpoint": ["a"]}]})", "item 1: expected a member registry"},
        {R"({"mirrors": [{"registry": "a", "endpoint": ["hunter2 x"]}]})",
         "item 1: endpoint: item 1: expected a URL"},
        {R"({"mirrors": {"a": "hunter2"}})", "a registry's endpoints: expected a list"},
        {R"({"mirrors": "hunter2"})", "expected a list"},
        {R"({"credentials": ["hunter2"]})", "item 1: expected a table"},
        {R"({"credentials": [{"registry": "a", "hunter2": 1}]})", "a member that is unknown here"},
        {R"({"credentials": [{"registry": "a", "auth": "aHVudGVyMg=="}]})",
         "auth: expected base64 of user:password"},
        {R"({"credentials": [{"registry": "a", "password": "hunter2\n"}]})",
         "password: expected text of one line"},
        {R"({"credentials": [{"password": "hunter2"}]})", "expected a member registry"},
    };
    for (const auto& [text, message] : table) {
        SCOPED_TRACE(text);
        const auto refused = model_.flatten({{"container-registry", *parse_json(text)}});
        ASSERT_FALSE(refused.has_value());
        EXPECT_THAT(refused.error().message(), HasSubstr(message));
        EXPECT_THAT(refused.error().message(), Not(HasSubstr("hunter2")));
    }
}

} // namespace
} // namespace holdfast::settings
