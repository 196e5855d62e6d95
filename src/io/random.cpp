#include "io/random.hpp"

#include <array>
#include <bit>
#include <limits>
#include <string_view>

namespace holdfast::io {

std::uint64_t random_below(Random& random, std::uint64_t bound)
{
    // Numbers from the last incomplete run of `bound` are drawn again, else small ones would be
    // more likely.
    const auto limit = std::numeric_limits<std::uint64_t>::max() -
                       std::numeric_limits<std::uint64_t>::max() % bound;
    for (;;) {
        std::array<std::byte, sizeof(std::uint64_t)> bytes{};
        random.fill(bytes);
        const auto number = std::bit_cast<std::uint64_t>(bytes);
        if (number < limit) {
            return number % bound;
        }
    }
}

std::string random_alphanumerics(Random& random, std::size_t length)
{
    constexpr std::string_view alphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    std::string text;
    while (text.size() < length) {
        text += alphabet[random_below(random, alphabet.size())];
    }
    return text;
}

} // namespace holdfast::io
