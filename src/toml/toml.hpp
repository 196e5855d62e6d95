#pragma once

#include "base/error.hpp"
#include "json/json.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast {

/// What is wrong with a TOML text, and where.
struct TomlProblem {
    int line = 0; ///< From 1; 0 where no line is to blame.
    std::string message;
};

/// A key whose value JSON cannot say.
struct TomlMisfit {
    std::vector<std::string> path;
    TomlProblem problem;
};

/// A TOML document as JSON.
struct TomlDocument {
    Json value;
    /// The line (from 1) on which each key stands, by its path.
    std::map<std::vector<std::string>, int> lines;
    /// Left out of `value`: dates and times, numbers that are not finite, nesting deeper than 32
    /// levels. A list with one of them is left out whole.
    std::vector<TomlMisfit> misfits;
};

/// Reads TOML 1.0. No limit on the text's length here. Errors: text that is not TOML, or a
/// key of more than 32 dotted parts.
Fallible<TomlDocument, TomlProblem> parse_toml_document(std::string_view text);

/// The same without lines, and refused where there are misfits. Errors: `invalid`, the message
/// starts with "line N: ".
Result<Json> parse_toml(std::string_view text);

/// The TOML text of a JSON object, keys sorted, no blank line before the first. Nulls are left
/// out. Any string value stays inside its quotes, whatever it holds.
std::string to_toml(const Json& object);

} // namespace holdfast
