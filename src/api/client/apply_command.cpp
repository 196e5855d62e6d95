#include "api/client/commands.hpp"

#include "toml/toml.hpp"
#include "json/json.hpp"

namespace holdfast::api {

namespace {

/// TOML first, then JSON; the error tells what both had against it.
Result<Json> parse_document(const std::string& text)
{
    auto toml = parse_toml(text);
    if (toml.has_value()) {
        return toml;
    }
    auto json = parse_json(text);
    if (json.has_value()) {
        return json;
    }
    return fail(Errc::invalid, "Input is neither TOML ({}) nor JSON ({})", toml.error().message(),
                json.error().message());
}

Result<Json> read_settings(Surroundings& world, const std::string& uri)
{
    TRY_ASSIGN(const auto text, read_source(world, uri));
    TRY_ASSIGN(const auto document, parse_document(text));
    const auto settings = document.is_object() ? document.find("settings") : document.end();
    if (settings == document.end() || !settings->is_object()) {
        return fail(Errc::invalid, "the document has no top-level 'settings'");
    }
    return *settings;
}

} // namespace

CommandOutcome run_apply(Surroundings& world, Arguments arguments)
{
    std::vector<std::string> sources(arguments.begin(), arguments.end());
    for (const auto& source : sources) {
        if (source.starts_with('-') && source != "-") {
            return misuse("Unknown argument '" + source + "'");
        }
    }
    if (sources.empty()) {
        sources.emplace_back("-");
    }
    // All documents before any change: a source that cannot be read must not leave half a change.
    std::vector<Patch> patches;
    for (const auto& source : sources) {
        TRY_ASSIGN(
            const auto settings,
            read_settings(world, source).while_("Failed to read settings from '" + source + "'"));
        patches.push_back({"/settings", to_text(settings)});
    }
    TRY(change_settings(world, "apiclient-apply", patches));
    return CommandResult{};
}

} // namespace holdfast::api
