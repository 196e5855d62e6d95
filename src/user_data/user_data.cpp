#include "user_data/user_data.hpp"

#include "base/text.hpp"
#include "settings/key/key.hpp"
#include "toml/toml.hpp"
#include "user_data/unwrap.hpp"

namespace holdfast::user_data {

namespace {

Failure<Unreadable> refuse(int line, std::string message)
{
    return Failure{Unreadable{line, Error(Errc::invalid, std::move(message))}};
}

} // namespace

Fallible<UserData, Unreadable> read_user_data(std::string_view bytes)
{
    auto text = unwrap(bytes, largest);
    if (!text.has_value()) {
        return Failure{Unreadable{0, std::move(text).error()}};
    }
    if (trimmed(*text).empty()) {
        return UserData{};
    }
    auto document = parse_toml_document(*text);
    if (!document.has_value()) {
        return refuse(document.error().line, document.error().message);
    }
    const auto settings = document->value.find("settings");
    for (const auto& [path, problem] : document->misfits) {
        if (path.size() == 1 && path.front() == "settings") {
            return refuse(problem.line, "expected 'settings' to be a table");
        }
    }
    if (settings == document->value.end()) {
        return refuse(0, "there is no table 'settings'; all settings stand below [settings]");
    }
    if (!settings->is_object()) {
        return refuse(document->lines[{"settings"}], "expected 'settings' to be a table");
    }

    UserData data;
    data.settings = std::move(*settings);
    for (const auto& [path, line] : document->lines) {
        data.lines.emplace(settings::key_text(path), line);
    }
    for (auto& [path, problem] : document->misfits) {
        if (path.front() == "settings") {
            data.misfits.push_back(
                {settings::key_text(path), problem.line, std::move(problem.message)});
        }
    }
    return data;
}

Result<UserData> parse_user_data(std::string_view bytes)
{
    auto data = read_user_data(bytes);
    if (data.has_value()) {
        return *std::move(data);
    }
    auto problem = std::move(data).error();
    if (problem.line > 0) {
        problem.error.add_context(std::format("line {}", problem.line));
    }
    return Failure{std::move(problem.error)};
}

} // namespace holdfast::user_data
