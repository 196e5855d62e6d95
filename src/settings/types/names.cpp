#include "settings/types/names.hpp"

#include "base/text.hpp"
#include "settings/types/characters.hpp"

#include <array>

namespace holdfast::settings {

bool IdentifierRule::accepts(std::string_view text)
{
    return text.size() <= 76 && consists_of_alphanumerics_and("-", text);
}

bool ContainerNameRule::accepts(std::string_view text)
{
    return IdentifierRule::accepts(text) && !text.empty() && text.front() != '-' &&
           text.back() != '-' && !text.contains("--");
}

bool LinuxHostnameRule::accepts(std::string_view text)
{
    const auto is_label = [](std::string_view label) {
        return !label.empty() && label.size() <= 63 && label.front() != '-' &&
               std::ranges::all_of(label,
                                   [](char c) { return is_lower(c) || is_digit(c) || c == '-'; });
    };
    return text.size() <= 253 && std::ranges::all_of(split(text, '.'), is_label);
}

bool SysctlKeyRule::accepts(std::string_view text)
{
    return !text.empty() && text.size() <= 128 && consists_of_alphanumerics_and("./_-", text) &&
           !text.contains("..") && text.front() != '.' && text.front() != '/';
}

bool KernelModuleNameRule::accepts(std::string_view text)
{
    return !text.empty() && text.size() <= 56 && consists_of_alphanumerics_and("-_", text);
}

bool UnitNameRule::accepts(std::string_view text)
{
    constexpr std::array<std::string_view, 6> types{".service", ".socket", ".mount",
                                                    ".target",  ".path",   ".timer"};
    return text.size() <= 255 && consists_of_alphanumerics_and(":-_.\\@", text) &&
           !text.starts_with('-') && std::ranges::any_of(types, [text](std::string_view type) {
               return text.size() > type.size() && text.ends_with(type) &&
                      !text.ends_with("@" + std::string(type));
           });
}

} // namespace holdfast::settings
