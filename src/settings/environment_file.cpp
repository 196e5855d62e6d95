#include "settings/environment_file.hpp"

#include "settings/types/characters.hpp"

namespace holdfast::settings {

std::string environment_line(std::string_view name, std::string_view value)
{
    std::string line(name);
    line += '=';
    if (consists_of_alphanumerics_and("%+,-./:=@[]_~*", value)) {
        line += value;
    } else {
        line += '"';
        for (const char c : value) {
            // Inside double quotes, a backslash takes the meaning from these four.
            if (c == '"' || c == '\\' || c == '$' || c == '`') {
                line += '\\';
            }
            line += c;
        }
        line += '"';
    }
    return line + '\n';
}

} // namespace holdfast::settings
