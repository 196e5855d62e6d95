#include "api/server/request.hpp"

#include "base/text.hpp"

namespace holdfast::api {

namespace {

int hex_value(char c)
{
    constexpr std::string_view digits = "0123456789abcdef";
    const auto lower = c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
    const auto found = digits.find(lower);
    return found == std::string_view::npos ? -1 : static_cast<int>(found);
}

enum class Plus { stays, is_space };

Result<std::string> percent_decoded(std::string_view text, Plus plus)
{
    std::string decoded;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '+' && plus == Plus::is_space) {
            decoded += ' ';
        } else if (text[i] != '%') {
            decoded += text[i];
        } else {
            const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
            const int low = high >= 0 ? hex_value(text[i + 2]) : -1;
            if (low < 0) {
                return fail(Errc::invalid, "The request target has a broken percent-encoding");
            }
            decoded += static_cast<char>(high * 16 + low);
            i += 2;
        }
    }
    return decoded;
}

} // namespace

const std::string* Target::find(const std::string& parameter) const
{
    const auto found = query.find(parameter);
    return found == query.end() ? nullptr : &found->second;
}

Result<Target> parse_target(std::string_view text)
{
    if (!text.starts_with('/')) {
        return fail(Errc::invalid, "The request target must start with '/'");
    }
    const auto question = text.find('?');
    Target target;
    TRY_ASSIGN(target.path, percent_decoded(text.substr(0, question), Plus::stays));
    if (question == std::string_view::npos) {
        return target;
    }
    for (const auto& part : split(text.substr(question + 1), '&')) {
        if (part.empty()) {
            continue;
        }
        const auto equals = part.find('=');
        TRY_ASSIGN(auto name,
                   percent_decoded(std::string_view(part).substr(0, equals), Plus::is_space));
        std::string value;
        if (equals != std::string::npos) {
            TRY_ASSIGN(value,
                       percent_decoded(std::string_view(part).substr(equals + 1), Plus::is_space));
        }
        target.query.insert_or_assign(std::move(name), std::move(value));
    }
    return target;
}

std::string Caller::name() const
{
    return uid.has_value() ? std::format("uid={}", *uid) : subject;
}

} // namespace holdfast::api
