#include "update/manifest/manifest.hpp"

#include "base/utc_time.hpp"
#include "json/members.hpp"

#include <algorithm>
#include <charconv>
#include <set>
#include <tuple>

namespace holdfast::update {

namespace {

constexpr std::size_t longest_name = 255; // NAME_MAX of Linux.

Result<const Json*> member(const Json& object, const char* key)
{
    if (!object.is_object() || !object.contains(key)) {
        return fail(Errc::invalid, "`{}` is missing", key);
    }
    return &object[key];
}

Result<std::string> text_member(const Json& object, const char* key)
{
    TRY_ASSIGN(const auto* value, member(object, key));
    if (!value->is_string()) {
        return fail(Errc::invalid, "`{}`: expected a text", key);
    }
    return value->get<std::string>();
}

Result<Version> version_member(const Json& object, const char* key)
{
    TRY_ASSIGN(const auto text, text_member(object, key));
    return Version::parse(text).while_(std::format("`{}`", key));
}

Result<void> check_file_name(const std::string& name)
{
    const bool plain = std::ranges::all_of(
        name, [](unsigned char c) { return c > ' ' && c < 0x7f && c != '/' && c != '\\'; });
    if (name.empty() || name.front() == '.' || name.size() > longest_name || !plain) {
        return fail(Errc::invalid, "the name of a target must be a plain file name");
    }
    return {};
}

Result<std::string> file_member(const Json& object, const char* key)
{
    TRY_ASSIGN(auto name, text_member(object, key));
    TRY(check_file_name(name).while_(std::format("`{}`", key)));
    return name;
}

/// Decimal without leading zeros, so that no two texts stand for one seed.
Result<Seed> parse_seed(const std::string& text)
{
    Seed seed = 0;
    const auto* end = text.data() + text.size();
    const auto [stop, problem] = std::from_chars(text.data(), end, seed);
    if (problem != std::errc() || stop != end || std::to_string(seed) != text) {
        return fail(Errc::invalid, "expected a seed, a decimal number");
    }
    return seed;
}

Result<Waves> parse_waves(const Json& update)
{
    TRY_ASSIGN(const auto* object, member(update, "waves"));
    if (!object->is_object()) {
        return fail(Errc::invalid, "expected an object");
    }
    Waves waves;
    for (const auto& [key, value] : object->items()) {
        TRY_ASSIGN(const auto seed, parse_seed(key));
        if (!value.is_string()) {
            return fail(Errc::invalid, "seed {}: expected a time", seed);
        }
        TRY_ASSIGN(const auto start,
                   parse_utc_time(value.get<std::string>()).while_(std::format("seed {}", seed)));
        waves.emplace(seed, start);
    }
    return waves;
}

Result<Images> parse_images(const Json& update)
{
    TRY_ASSIGN(const auto* object, member(update, "images"));
    Images images;
    TRY_ASSIGN(images.boot, file_member(*object, "boot"));
    TRY_ASSIGN(images.root, file_member(*object, "root"));
    TRY_ASSIGN(images.hash, file_member(*object, "hash"));
    images.other = other_members(*object, {"boot", "root", "hash"});
    return images;
}

Result<Update> parse_update(const Json& json)
{
    TRY_ASSIGN(auto variant, text_member(json, "variant"));
    TRY_ASSIGN(auto arch, text_member(json, "arch"));
    TRY_ASSIGN(auto version, version_member(json, "version"));
    TRY_ASSIGN(auto max_version, version_member(json, "max_version"));
    TRY_ASSIGN(auto waves, parse_waves(json).while_("`waves`"));
    TRY_ASSIGN(auto images, parse_images(json).while_("`images`"));
    return Update{.variant = std::move(variant),
                  .arch = std::move(arch),
                  .version = std::move(version),
                  .max_version = std::move(max_version),
                  .waves = std::move(waves),
                  .images = std::move(images),
                  .other = other_members(
                      json, {"variant", "arch", "version", "max_version", "waves", "images"})};
}

/// "(1.2.2, 1.2.3)", with exactly one space.
Result<std::pair<Version, Version>> parse_step(std::string_view text)
{
    const auto comma = text.find(", ");
    if (!text.starts_with('(') || !text.ends_with(')') || comma == std::string_view::npos) {
        return fail(Errc::invalid, "expected two versions such as (1.2.2, 1.2.3)");
    }
    TRY_ASSIGN(auto from, Version::parse(text.substr(1, comma - 1)));
    TRY_ASSIGN(auto to, Version::parse(text.substr(comma + 2, text.size() - comma - 3)));
    return std::pair(std::move(from), std::move(to));
}

Result<std::vector<std::string>> parse_files(const Json& list)
{
    if (!list.is_array()) {
        return fail(Errc::invalid, "expected a list");
    }
    std::vector<std::string> files;
    for (const auto& entry : list) {
        if (!entry.is_string()) {
            return fail(Errc::invalid, "expected names of targets");
        }
        TRY(check_file_name(entry.get<std::string>()));
        files.push_back(entry.get<std::string>());
    }
    return files;
}

Json waves_to_json(const Waves& waves)
{
    Json json = Json::object();
    for (const auto& [seed, start] : waves) {
        json[std::to_string(seed)] = utc_text(start);
    }
    return json;
}

} // namespace

std::string block_list_target(const Images& images)
{
    constexpr std::string_view root_end = "-root.erofs";
    const auto& root = images.root;
    return root.substr(0, root.ends_with(root_end) ? root.size() - root_end.size() : root.size()) +
           "-blocks.list";
}

Result<Migrations> parse_migrations(const Json& object)
{
    if (!object.is_object()) {
        return fail(Errc::invalid, "`migrations`: expected an object");
    }
    Migrations migrations;
    for (const auto& [key, value] : object.items()) {
        const auto place = std::format("`migrations` {}", key);
        TRY_ASSIGN(auto step, parse_step(key).while_(place));
        TRY_ASSIGN(auto files, parse_files(value).while_(place));
        migrations.emplace(std::move(step), std::move(files));
    }
    return migrations;
}

Result<Manifest> parse_manifest(std::string_view text)
{
    TRY_ASSIGN(const auto json, parse_json(text));
    TRY_ASSIGN(const auto* updates, member(json, "updates"));
    TRY_ASSIGN(const auto* migrations, member(json, "migrations"));
    if (!updates->is_array()) {
        return fail(Errc::invalid, "`updates`: expected a list");
    }
    Manifest manifest;
    for (const auto& entry : *updates) {
        TRY_ASSIGN(auto update, parse_update(entry).while_(
                                    std::format("`updates` {}", manifest.updates.size())));
        manifest.updates.push_back(std::move(update));
    }
    TRY_ASSIGN(manifest.migrations, parse_migrations(*migrations));
    manifest.other = other_members(json, {"updates", "migrations"});
    return manifest;
}

Json to_json(const Manifest& manifest)
{
    Json json = {{"updates", Json::array()}, {"migrations", Json::object()}};
    for (const auto& update : manifest.updates) {
        json["updates"].push_back(
            with_members({{"variant", update.variant},
                          {"arch", update.arch},
                          {"version", update.version.str()},
                          {"max_version", update.max_version.str()},
                          {"waves", waves_to_json(update.waves)},
                          {"images", with_members({{"boot", update.images.boot},
                                                   {"root", update.images.root},
                                                   {"hash", update.images.hash}},
                                                  update.images.other)}},
                         update.other));
    }
    for (const auto& [step, files] : manifest.migrations) {
        json["migrations"][std::format("({}, {})", step.first.str(), step.second.str())] = files;
    }
    return with_members(std::move(json), manifest.other);
}

Result<void> check_manifest(const Manifest& manifest)
{
    std::set<std::tuple<std::string, std::string, Version>> seen;
    std::map<std::pair<std::string, std::string>, Version> max_versions;
    for (const auto& update : manifest.updates) {
        const auto what =
            std::format("{} {} {}", update.variant, update.arch, update.version.str());
        if (!seen.emplace(update.variant, update.arch, update.version).second) {
            return fail(Errc::invalid, "{} is there twice", what);
        }
        const auto max_version =
            max_versions.emplace(std::pair(update.variant, update.arch), update.max_version);
        if (max_version.first->second != update.max_version) {
            return fail(Errc::invalid, "{}: all versions must have one max_version", what);
        }
        TRY(check_waves(update.waves).while_(what));
    }
    return {};
}

} // namespace holdfast::update
