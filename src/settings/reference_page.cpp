#include "settings/reference_page.hpp"

#include "base/text.hpp"
#include "settings/key/key.hpp"

namespace holdfast::settings {

namespace {

constexpr std::string_view introduction =
    "# Settings\n"
    "\n"
    "<!-- Made by settings-reference from the tables in src/settings. Don't edit. -->\n"
    "\n"
    "All settings of Holdfast, as they stand in user data and in the API. A variant has some of\n"
    "the groups, and may have defaults of its own. *Affects* names the services that get new\n"
    "configuration files, and are restarted where they must be, when a setting changes.\n"
    "`<name>` stands for a key of your choice; in TOML, a key with a dot is written in quotes.\n";

/// Text that stays in its cell of a Markdown table.
std::string cell(std::string_view text)
{
    std::string escaped;
    for (const char c : text) {
        escaped += c == '|' ? "\\|" : c == '\n' ? " " : std::string(1, c);
    }
    return escaped;
}

std::string default_text(const Node& node, const Leaf& leaf)
{
    if (node.generator.has_value()) {
        return std::format("made by `{}`", cell(node.generator->command));
    }
    return leaf.initial.has_value() ? std::format("`{}`", cell(to_text(*leaf.initial))) : "";
}

/// Adds the rows of all settings below a node.
void add_rows(const Node& node, const std::string& path, const Node& above,
              const std::vector<std::string>& inherited, std::string& page)
{
    const auto affects = node.affects.value_or(inherited);
    // The value of a keyed table has no text but that of its table.
    const auto& doc = node.doc.empty() ? above.doc : node.doc;
    if (const auto* leaf = std::get_if<Leaf>(&node.shape)) {
        page += std::format("| `{}` | {} | {} | {} | {} |\n", path, cell(leaf->type_name),
                            default_text(node, *leaf), join(affects, ", "), cell(doc));
    } else if (const auto* branch = std::get_if<Branch>(&node.shape)) {
        for (const auto& next : branch->children) {
            add_rows(next, path + "." + next.name, node, affects, page);
        }
    } else if (const auto* keyed = std::get_if<Keyed>(&node.shape)) {
        // The name of the key's type says what to put there: "<kernel-module>".
        auto key = keyed->key_type_name;
        std::ranges::replace(key, ' ', '-');
        add_rows(keyed->item.front(), std::format("{}.<{}>", path, key), node, affects, page);
    }
}

/// Tables say what they are for in a paragraph; a setting's text is in its row.
void add_table_docs(const Node& node, const std::string& path, std::string& page)
{
    if (std::holds_alternative<Leaf>(node.shape)) {
        return;
    }
    if (!node.doc.empty()) {
        page += std::format("\n`{}`: {}\n", path, node.doc);
    }
    if (const auto* branch = std::get_if<Branch>(&node.shape)) {
        for (const auto& next : branch->children) {
            add_table_docs(next, path + "." + next.name, page);
        }
    }
}

} // namespace

std::string reference_page(const Node& root)
{
    std::string page(introduction);
    for (const auto& group : std::get<Branch>(root.shape).children) {
        const auto path = "settings." + group.name;
        page += std::format("\n## {}\n", path);
        add_table_docs(group, path, page);
        page += "\n| Setting | Type | Default | Affects | |\n|---|---|---|---|---|\n";
        add_rows(group, path, group, {}, page);
    }
    return page;
}

} // namespace holdfast::settings
