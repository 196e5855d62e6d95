#include "boot/manager/console.hpp"

namespace holdfast::uefi {

void Text::add_unit(char16_t unit)
{
    if (length_ + 1 < units_.size()) {
        units_[length_++] = unit;
    }
}

Text& Text::add(std::string_view ascii)
{
    for (const char c : ascii) {
        add_unit(static_cast<unsigned char>(c));
    }
    return *this;
}

Text& Text::add(const char16_t* text)
{
    for (; text != nullptr && *text != 0; ++text) {
        add_unit(*text);
    }
    return *this;
}

Text& Text::add_number(std::uint64_t number, unsigned least_digits)
{
    std::array<char, 20> digits{};
    std::size_t count = 0;
    do {
        digits[count++] = static_cast<char>('0' + number % 10);
        number /= 10;
    } while (number > 0 || count < least_digits);
    while (count > 0) {
        add_unit(static_cast<unsigned char>(digits[--count]));
    }
    return *this;
}

void Console::print(const Text& line) const
{
    if (output_ != nullptr) {
        output_->output_string(output_, u"holdfast: ");
        output_->output_string(output_, line.data());
        output_->output_string(output_, u"\r\n");
    }
}

} // namespace holdfast::uefi
