#pragma once

#include "settings/model.hpp"
#include "json/json.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace holdfast::settings {

struct Node;

/// One value of the store.
struct Leaf {
    /// Validates, and gives the canonical form that is kept. The error says what was expected.
    Result<Json> (*accept)(const Json&) = nullptr;
    Json schema;
    std::string type_name;
    bool secret = false;
    std::optional<Json> initial; ///< The default; nothing where the setting starts unset.
};

/// A table with fixed names, in the order of the declaration.
struct Branch {
    std::vector<Node> children;
};

/// A table whose keys users choose.
struct Keyed {
    Result<void> (*accept_key)(std::string_view) = nullptr;
    Json key_schema;
    std::string key_type_name;
    std::vector<Node> item; ///< Exactly one: what stands below each key.
};

/// A declared setting or table of settings: what is left of the declarations of table.hpp at run
/// time. Everything that walks documents, keys, schema and the reference page works on this.
struct Node {
    std::string name;  ///< One segment; empty for a keyed table's item.
    std::string alias; ///< Another name that is taken on input, or empty.
    std::string doc;
    std::optional<std::vector<std::string>> affects;
    std::optional<Generator> generator;
    std::variant<Leaf, Branch, Keyed> shape;
};

/// The child of a table for a key of a document: by name or alias, or the item of a keyed table
/// whose key is fine. Null otherwise, and for leaves.
const Node* child(const Node& node, std::string_view key);

} // namespace holdfast::settings
