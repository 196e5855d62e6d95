#include "image/variant.hpp"

#include "base/text.hpp"
#include "settings/key/key.hpp"
#include "toml/library.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <optional>
#include <set>

namespace holdfast::image {

namespace {

using Path = std::filesystem::path;

/// Of [os]; in os-release they are HOME_URL and so on (os-release(5)).
constexpr std::array<std::string_view, 4> os_urls = {"home-url", "support-url", "bug-report-url",
                                                     "documentation-url"};

/// "variants/x.toml:12: "
std::string at(const toml::node& node)
{
    const auto& source = node.source();
    return std::format("{}:{}", source.path ? *source.path : "variant", source.begin.line);
}

Result<std::string> read_string(const toml::node& node, std::string_view key)
{
    const auto value = node.value_exact<std::string>();
    if (!value) {
        return fail(Errc::invalid, "{}: {}: expected a string", at(node), key);
    }
    return *value;
}

using Places = std::map<std::string, std::string>;

/// Where each item of a list goes: `package "systemd"`, as errors name it.
struct Index {
    Places& places;
    std::string_view noun;

    void add(std::string_view item, std::string place) const
    {
        places.insert_or_assign(std::format("{} \"{}\"", noun, item), std::move(place));
    }
};

Result<void> append_strings(const toml::node& node, std::string_view key,
                            std::vector<std::string>& list,
                            const std::optional<Index>& index = std::nullopt)
{
    const auto* array = node.as_array();
    if (array == nullptr) {
        return fail(Errc::invalid, "{}: {}: expected a list of strings", at(node), key);
    }
    for (const auto& item : *array) {
        TRY_ASSIGN(auto text, read_string(item, key));
        if (index) {
            index->add(text, at(item));
        }
        list.push_back(std::move(text));
    }
    return {};
}

Result<Json> to_json(const toml::node& node)
{
    if (const auto* table = node.as_table()) {
        Json object = Json::object();
        for (const auto& [key, value] : *table) {
            TRY_ASSIGN(object[std::string(key.str())], to_json(value));
        }
        return object;
    }
    if (const auto* array = node.as_array()) {
        Json list = Json::array();
        for (const auto& item : *array) {
            TRY_ASSIGN(auto value, to_json(item));
            list.push_back(std::move(value));
        }
        return list;
    }
    if (const auto value = node.value_exact<std::string>()) {
        return Json(*value);
    }
    if (const auto value = node.value_exact<std::int64_t>()) {
        return Json(*value);
    }
    if (const auto value = node.value_exact<bool>()) {
        return Json(*value);
    }
    return fail(Errc::invalid, "{}: expected a string, number, boolean, list or table", at(node));
}

using Reader = std::function<Result<void>(const toml::node&)>;

/// Reads each key of a table by its reader and refuses the others.
Result<void> read_table(const toml::node& node, std::string_view name,
                        const std::map<std::string_view, Reader>& readers)
{
    const auto* table = node.as_table();
    if (table == nullptr) {
        return fail(Errc::invalid, "{}: {}: expected a table", at(node), name);
    }
    for (const auto& [key, value] : *table) {
        const auto reader = readers.find(key.str());
        if (reader == readers.end()) {
            std::vector<std::string> known;
            for (const auto& [known_key, ignored] : readers) {
                known.emplace_back(known_key);
            }
            return fail(Errc::invalid, "{}: unknown key \"{}\"{}{}; known here: {}", at(value),
                        key.str(), name.empty() ? "" : " in ", name, join(known, ", "));
        }
        TRY(reader->second(value));
    }
    return {};
}

Reader string_into(std::string& text, std::string_view key)
{
    return [&text, key](const toml::node& node) -> Result<void> {
        TRY_ASSIGN(text, read_string(node, key));
        return {};
    };
}

Reader strings_into(std::vector<std::string>& list, std::string_view key,
                    std::optional<Index> index = std::nullopt)
{
    return [&list, key, index](const toml::node& node) {
        return append_strings(node, key, list, index);
    };
}

Reader mebibytes_into(std::int64_t& number, std::string_view key, Places& places)
{
    return [&number, key, &places](const toml::node& node) -> Result<void> {
        const auto value = node.value_exact<std::int64_t>();
        if (!value || *value < 1 || *value > (std::int64_t{1} << 24)) {
            return fail(Errc::invalid, "{}: {}: expected a size in MiB from 1 to {}", at(node), key,
                        std::int64_t{1} << 24);
        }
        number = *value;
        places.insert_or_assign(std::format("partitions.{}", key), at(node));
        return {};
    };
}

Result<void> read_container(const toml::node& node, std::string_view name, ContainerImage& image,
                            Places& places)
{
    return read_table(
        node, name,
        {{"packages", strings_into(image.packages, "packages", Index{places, "package"})},
         {"exclude", strings_into(image.exclude, "exclude")},
         {"drop", strings_into(image.drop, "drop")},
         {"overlays", strings_into(image.overlays, "overlays", Index{places, "overlay"})},
         {"programs", strings_into(image.programs, "programs", Index{places, "program"})},
         {"entrypoint", strings_into(image.entrypoint, "entrypoint")}});
}

Result<void> read_containers(const toml::node& node, Variant& variant)
{
    const auto* table = node.as_table();
    if (table == nullptr) {
        return fail(Errc::invalid, "{}: containers: expected a table", at(node));
    }
    for (const auto& [key, value] : *table) {
        TRY(read_container(value, key.str(), variant.containers[std::string(key.str())],
                           variant.places));
    }
    return {};
}

Result<void> read_file(const Path& file, Variant& variant, std::set<Path>& open_files);

Result<void> read_includes(const toml::node& node, const Path& file, Variant& variant,
                           std::set<Path>& open_files)
{
    std::vector<std::string> names;
    TRY(append_strings(node, "include", names));
    for (const auto& name : names) {
        TRY(read_file(file.parent_path() / name, variant, open_files)
                .while_(std::format("{}: include", at(node))));
    }
    return {};
}

Result<void> read_kernel(const toml::node& node, Variant& variant)
{
    return read_table(
        node, "kernel",
        {{"package",
          [&variant](const toml::node& value) -> Result<void> {
              TRY_ASSIGN(variant.kernel_package, read_string(value, "package"));
              Index{variant.places, "package"}.add(variant.kernel_package, at(value));
              return {};
          }},
         {"parameters", strings_into(variant.kernel_parameters, "parameters")},
         {"initrd-modules",
          strings_into(variant.initrd_modules, "initrd-modules", Index{variant.places, "module"})},
         {"unpacked-modules", strings_into(variant.unpacked_modules, "unpacked-modules",
                                           Index{variant.places, "module"})}});
}

Result<void> read_root(const toml::node& node, Variant& variant)
{
    const auto index = [&variant](std::string_view noun) { return Index{variant.places, noun}; };
    return read_table(node, "root",
                      {{"packages", strings_into(variant.packages, "packages", index("package"))},
                       {"exclude", strings_into(variant.exclude, "exclude")},
                       {"drop", strings_into(variant.drop, "drop")},
                       {"keep", strings_into(variant.keep, "keep")},
                       {"overlays", strings_into(variant.overlays, "overlays", index("overlay"))},
                       {"programs", strings_into(variant.programs, "programs", index("program"))}});
}

/// A web address, fit to stand in os-release between quotes.
Result<std::string> read_url(const toml::node& node, std::string_view key)
{
    TRY_ASSIGN(auto text, read_string(node, key));
    const auto is_plain = [](char c) {
        return c > ' ' && c < '\x7f' && !std::string_view("\"\\$`").contains(c);
    };
    if ((!text.starts_with("https://") && !text.starts_with("http://")) ||
        !std::ranges::all_of(text, is_plain)) {
        return fail(Errc::invalid, "{}: {}: expected a URL, https://…", at(node), key);
    }
    return text;
}

Result<void> read_os(const toml::node& node, Variant& variant)
{
    std::map<std::string_view, Reader> readers;
    for (const std::string_view key : os_urls) {
        readers.emplace(key, [&variant, key](const toml::node& value) -> Result<void> {
            TRY_ASSIGN(variant.urls[std::string(key)], read_url(value, key));
            return {};
        });
    }
    return read_table(node, "os", readers);
}

Result<void> read_partitions(const toml::node& node, Variant& variant)
{
    auto& sizes = variant.partitions;
    return read_table(node, "partitions",
                      {{"efi", mebibytes_into(sizes.efi, "efi", variant.places)},
                       {"boot", mebibytes_into(sizes.boot, "boot", variant.places)},
                       {"root", mebibytes_into(sizes.root, "root", variant.places)},
                       {"hash", mebibytes_into(sizes.hash, "hash", variant.places)},
                       {"private", mebibytes_into(sizes.private_, "private", variant.places)}});
}

/// The place of each setting and of the tables above it.
void index_settings(const toml::node& node, std::vector<std::string>& path, Places& places)
{
    places.insert_or_assign(settings::key_text(path), at(node));
    if (const auto* table = node.as_table()) {
        for (const auto& [key, value] : *table) {
            path.emplace_back(key.str());
            index_settings(value, path, places);
            path.pop_back();
        }
    }
}

Result<void> read_settings(const toml::node& node, Variant& variant)
{
    std::vector<std::string> path{"settings"};
    index_settings(node, path, variant.places);
    TRY_ASSIGN(auto settings, to_json(node));
    variant.settings.merge_patch(settings);
    return {};
}

Result<toml::table> parse_file(const Path& file)
{
    try {
        return toml::parse_file(file.native());
    } catch (const toml::parse_error& problem) {
        const auto line = problem.source().begin.line;
        return fail(line == 0 ? Errc::not_found : Errc::invalid, "{}:{}: {}", file.native(), line,
                    problem.description());
    } catch (const std::exception& problem) {
        return fail(Errc::invalid, "{}: not valid TOML: {}", file.native(), problem.what());
    }
}

Result<void> read_file(const Path& file, Variant& variant, std::set<Path>& open_files)
{
    if (!open_files.insert(file.lexically_normal()).second) {
        return fail(Errc::invalid, "{} includes itself", file.native());
    }
    TRY_ASSIGN(const auto table, parse_file(file));
    variant.sources.push_back(file);
    // Included parts come first, wherever the line stands, so that this file can override them.
    if (const auto* include = table.get("include")) {
        TRY(read_includes(*include, file, variant, open_files));
    }
    const auto read = [&variant](auto function) {
        return [&variant, function](const toml::node& node) { return function(node, variant); };
    };
    TRY(read_table(table, "",
                   {{"include", [](const toml::node&) -> Result<void> { return {}; }},
                    {"description", string_into(variant.description, "description")},
                    {"platform", string_into(variant.platform, "platform")},
                    {"orchestrator", string_into(variant.orchestrator, "orchestrator")},
                    {"settings-groups", strings_into(variant.settings_groups, "settings-groups",
                                                     Index{variant.places, "settings group"})},
                    {"os", read(read_os)},
                    {"kernel", read(read_kernel)},
                    {"root", read(read_root)},
                    {"containers", read(read_containers)},
                    {"settings", read(read_settings)},
                    {"partitions", read(read_partitions)}}));
    open_files.erase(file.lexically_normal());
    return {};
}

Result<void> require(const Variant& variant, const Path& file)
{
    const std::map<std::string_view, bool> required{
        {"platform", !variant.platform.empty()},
        {"kernel.package", !variant.kernel_package.empty()},
        {"root.packages", !variant.packages.empty()},
        {"root.programs", !variant.programs.empty()},
        {"settings-groups", !variant.settings_groups.empty()},
    };
    for (const auto& [key, given] : required) {
        if (!given) {
            return fail(Errc::invalid, "{}:1: the required key \"{}\" is missing", file.native(),
                        key);
        }
    }
    return {};
}

} // namespace

Result<Variant> load_variant(const Path& file)
{
    Variant variant;
    variant.name = file.stem().native();
    std::set<Path> open_files;
    TRY(read_file(file, variant, open_files));
    TRY(require(variant, file));
    return variant;
}

std::optional<std::string> place_of_error(const Variant& variant, std::string_view message)
{
    for (const auto& [what, place] : variant.places) {
        if (what.ends_with('"') && message.contains(what)) {
            return place;
        }
    }
    return std::nullopt;
}

std::string place_of_setting(const Variant& variant, std::string key)
{
    for (;;) {
        if (const auto found = variant.places.find(key); found != variant.places.end()) {
            return found->second;
        }
        const auto dot = key.rfind('.');
        if (dot == std::string::npos) {
            return variant.sources.empty() ? variant.name : variant.sources.front().native();
        }
        key.resize(dot);
    }
}

} // namespace holdfast::image
