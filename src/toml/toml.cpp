#include "toml/toml.hpp"

#include "toml/library.hpp"

#include <algorithm>
#include <cmath>
#include <sstream>

namespace holdfast {

namespace {

constexpr std::size_t deepest = 32;

using Path = std::vector<std::string>;

/// Turns toml++ nodes into JSON. A key whose value JSON cannot say is left out and told.
class Reader {
public:
    TomlDocument read_document(const toml::table& table)
    {
        auto value = read_table(table);
        return {std::move(value), std::move(lines_), std::move(misfits_)};
    }

private:
    Fallible<Json, TomlProblem> read(const toml::node& node)
    {
        if (path_.size() + lists_ > deepest) {
            return refuse(node, std::format("nested deeper than {} levels", deepest));
        }
        switch (node.type()) {
        case toml::node_type::table:
            return lists_ > 0 ? read_item_table(*node.as_table())
                              : Fallible<Json, TomlProblem>(read_table(*node.as_table()));
        case toml::node_type::array: return read_list(*node.as_array());
        case toml::node_type::string: return Json(node.as_string()->get());
        case toml::node_type::integer: return Json(node.as_integer()->get());
        case toml::node_type::boolean: return Json(node.as_boolean()->get());
        case toml::node_type::floating_point:
            return read_float(node, node.as_floating_point()->get());
        case toml::node_type::date:
        case toml::node_type::time:
        case toml::node_type::date_time:
            return refuse(node,
                          "a date or time; no setting takes one (put it in quotes if it is text)");
        case toml::node_type::none: break;
        }
        return refuse(node, "an unknown kind of value");
    }

    static Failure<TomlProblem> refuse(const toml::node& node, std::string message)
    {
        return Failure{TomlProblem{static_cast<int>(node.source().begin.line), std::move(message)}};
    }

    /// A table by itself, not in a list: its keys have paths.
    Json read_table(const toml::table& table)
    {
        Json object = Json::object();
        for (const auto& [key, node] : table) {
            path_.emplace_back(key.str());
            lines_[path_] = static_cast<int>(key.source().begin.line);
            auto value = read(node);
            lists_ = 0;
            if (value.has_value()) {
                object[path_.back()] = *std::move(value);
            } else {
                misfits_.push_back({path_, std::move(value).error()});
            }
            path_.pop_back();
        }
        return object;
    }

    Fallible<Json, TomlProblem> read_item_table(const toml::table& table)
    {
        Json object = Json::object();
        ++lists_;
        for (const auto& [key, node] : table) {
            TRY_ASSIGN(object[std::string(key.str())], read(node));
        }
        --lists_;
        return object;
    }

    Fallible<Json, TomlProblem> read_list(const toml::array& array)
    {
        Json list = Json::array();
        ++lists_;
        for (const auto& item : array) {
            TRY_ASSIGN(auto value, read(item));
            list.push_back(std::move(value));
        }
        --lists_;
        return list;
    }

    static Fallible<Json, TomlProblem> read_float(const toml::node& node, double number)
    {
        if (!std::isfinite(number)) {
            return refuse(node, "a number that is not finite");
        }
        return Json(number);
    }

    Path path_;
    std::size_t lists_ = 0; ///< How deep we are in a list: its items' keys have no path.
    std::map<Path, int> lines_;
    std::vector<TomlMisfit> misfits_;
};

toml::table toml_table(const Json& object);
toml::array toml_array(const Json& list);

/// Calls `put` with the toml++ form of a value; not at all for null.
template <typename Put>
void with_toml_value(const Json& value, Put put)
{
    switch (value.type()) {
    case Json::value_t::object: put(toml_table(value)); break;
    case Json::value_t::array: put(toml_array(value)); break;
    case Json::value_t::string: put(value.get_ref<const std::string&>()); break;
    case Json::value_t::boolean: put(value.get<bool>()); break;
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned: put(value.get<std::int64_t>()); break;
    case Json::value_t::number_float: put(value.get<double>()); break;
    case Json::value_t::null:
    case Json::value_t::binary:
    case Json::value_t::discarded: break;
    }
}

toml::table toml_table(const Json& object)
{
    toml::table table;
    for (const auto& [key, value] : object.items()) {
        with_toml_value(value, [&](auto&& v) { table.insert(key, std::forward<decltype(v)>(v)); });
    }
    return table;
}

toml::array toml_array(const Json& list)
{
    toml::array array;
    for (const auto& value : list) {
        with_toml_value(value, [&](auto&& v) { array.push_back(std::forward<decltype(v)>(v)); });
    }
    return array;
}

Fallible<toml::table, TomlProblem> parse_or_blame_no_line(std::string_view text)
{
    try {
        return toml::parse(text);
    } catch (const toml::parse_error& error) {
        return Failure{TomlProblem{static_cast<int>(error.source().begin.line),
                                   std::string(error.description())}};
    } catch (const std::exception&) {
        return Failure{TomlProblem{0, "not valid TOML"}};
    }
}

/// The end of each line in the text, past its newline.
std::vector<std::size_t> ends_of_lines(std::string_view text)
{
    std::vector<std::size_t> ends;
    for (auto end = text.find('\n'); end != std::string_view::npos;
         end = text.find('\n', end + 1)) {
        ends.push_back(end + 1);
    }
    ends.push_back(text.size());
    return ends;
}

/// Past the string that begins at `at`. A string of one line that nobody closes ends with its line.
std::size_t end_of_string(std::string_view text, std::size_t at)
{
    const char quote = text[at];
    const std::string three(3, quote);
    const bool of_many_lines = text.substr(at).starts_with(three);
    const auto closing = std::string_view(three).substr(0, of_many_lines ? 3 : 1);
    for (auto end = at + closing.size(); end < text.size(); ++end) {
        if (text.substr(end).starts_with(closing)) {
            end += closing.size();
            // The last two quotes inside may stand right before the closing three.
            const auto next = text.substr(end, of_many_lines ? 2 : 0);
            return end + std::min(next.find_first_not_of(quote), next.size());
        }
        if (text[end] == '\\' && quote == '"') {
            ++end;
        } else if (text[end] == '\n' && !of_many_lines) {
            return end;
        }
    }
    return text.size();
}

/// toml++ makes a table for each part of a dotted key, before anybody can ask how deep that went,
/// and takes them down by recursion: a key of 200,000 parts would need more stack than there is.
/// Lists and tables in values it limits by itself.
Fallible<void, TomlProblem> refuse_long_keys(std::string_view text)
{
    std::size_t parts = 1;
    for (std::size_t at = 0; at < text.size();) {
        switch (text[at]) {
        case '"':
        case '\'': at = end_of_string(text, at); continue;
        case '#': at = std::min(text.find('\n', at), text.size()); continue;
        case '.': ++parts; break;
        case '\n':
        case '=':
        case ',':
        case '{':
        case '[': parts = 1; break;
        default: break;
        }
        if (parts > deepest) {
            const auto line = std::ranges::count(text.substr(0, at), '\n') + 1;
            return Failure{TomlProblem{static_cast<int>(line),
                                       std::format("a key of more than {} parts", deepest)}};
        }
        ++at;
    }
    return {};
}

Fallible<toml::table, TomlProblem> parse(std::string_view text)
{
    TRY(refuse_long_keys(text));
    auto result = parse_or_blame_no_line(text);
    if (result.has_value() || result.error().line > 0) {
        return result;
    }
    // A broken assertion of toml++ has no line. The parser goes from front to back, so it breaks on
    // all beginnings of the text that hold the bad line, and on no shorter one.
    const auto ends = ends_of_lines(text);
    const auto first_bad = std::ranges::partition_point(ends, [&](std::size_t end) {
        const auto beginning = parse_or_blame_no_line(text.substr(0, end));
        return beginning.has_value() || beginning.error().line > 0;
    });
    result.error().line = static_cast<int>(first_bad - ends.begin()) + 1;
    return result;
}

} // namespace

Fallible<TomlDocument, TomlProblem> parse_toml_document(std::string_view text)
{
    TRY_ASSIGN(const auto parsed, parse(text));
    return Reader().read_document(parsed);
}

Result<Json> parse_toml(std::string_view text)
{
    auto document = parse_toml_document(text);
    if (!document.has_value()) {
        return fail(Errc::invalid, "line {}: {}", document.error().line, document.error().message);
    }
    if (!document->misfits.empty()) {
        const auto& problem = document->misfits.front().problem;
        return fail(Errc::invalid, "line {}: {}", problem.line, problem.message);
    }
    return std::move(document->value);
}

std::string to_toml(const Json& object)
{
    const auto table = toml_table(object);
    // Only the plain double-quoted form of a string, so that one value is one line.
    constexpr auto flags = toml::format_flags::allow_unicode_strings;
    std::ostringstream text;
    text << toml::toml_formatter{table, flags};
    auto written = std::move(text).str();
    if (!written.empty() && !written.ends_with('\n')) {
        written += '\n';
    }
    return written;
}

} // namespace holdfast
