#include "settings/check/check.hpp"

#include "user_data/user_data.hpp"

#include <algorithm>
#include <map>

namespace holdfast::settings {

namespace {

/// The line of a key, or of the nearest table above it that has one.
int line_of(const std::map<std::string, int>& lines, std::string key)
{
    for (;;) {
        if (const auto found = lines.find(key); found != lines.end()) {
            return found->second;
        }
        const auto dot = key.rfind('.');
        if (dot == std::string::npos) {
            return 0;
        }
        key.resize(dot);
    }
}

void print_problem(std::ostream& out, std::string_view name, int line, std::string_view text)
{
    out << name << ':';
    if (line > 0) {
        out << line << ':';
    }
    out << ' ' << text << '\n';
}

/// What does not fit together where nothing but these values and the defaults is set.
std::vector<Problem> misfits_with_defaults(const Model& model, Values values)
{
    std::vector<std::string> keys;
    for (const auto& [key, value] : values) {
        keys.push_back(key);
    }
    values.merge(Values(model.defaults()));
    return model.misfits(values, keys);
}

} // namespace

Result<int> check_user_data(std::string_view name, std::string_view bytes, const Model& model,
                            std::ostream& out)
{
    const auto data = user_data::read_user_data(bytes);
    if (!data.has_value()) {
        print_problem(out, name, data.error().line, data.error().error.message());
        return 1;
    }
    const auto judged = model.judge(data->settings);
    std::multimap<int, std::string> by_line;
    for (const auto& problem : judged.problems) {
        by_line.emplace(line_of(data->lines, problem.key), to_text(problem));
    }
    for (const auto& problem : misfits_with_defaults(model, judged.values)) {
        by_line.emplace(line_of(data->lines, problem.key), to_text(problem));
    }
    for (const auto& misfit : data->misfits) {
        by_line.emplace(misfit.line, misfit.key + ": " + misfit.message);
    }
    for (const auto& [line, text] : by_line) {
        print_problem(out, name, line, text);
    }
    if (!out) {
        return fail(Errc::io, "writing the problems found");
    }
    return by_line.empty() ? 0 : 1;
}

} // namespace holdfast::settings
