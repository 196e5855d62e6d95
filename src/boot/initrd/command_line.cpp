#include "boot/initrd/command_line.hpp"

#include <algorithm>
#include <charconv>

namespace holdfast::initrd {

namespace {

bool is_hexadecimal(std::string_view text)
{
    return std::ranges::all_of(text, [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    });
}

/// Takes the next word off `text`; empty at the end.
std::string_view next_word(std::string_view& text)
{
    constexpr std::string_view blanks = " \t\r\n";
    text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
    const auto word = text.substr(0, text.find_first_of(blanks));
    text.remove_prefix(word.size());
    return word;
}

} // namespace

std::optional<std::uint64_t> parse_number(std::string_view text)
{
    std::uint64_t number = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (problem != std::errc{} || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return number;
}

Result<BootRequest> parse_command_line(std::string_view text)
{
    BootRequest request;
    std::optional<std::string_view> hash;
    std::optional<std::string_view> blocks;
    std::optional<std::string_view> salt;
    std::optional<std::string_view> set;

    for (auto word = next_word(text); !word.empty(); word = next_word(text)) {
        const auto equals = word.find('=');
        const auto key = word.substr(0, equals);
        const auto value = equals == word.npos ? std::string_view{} : word.substr(equals + 1);
        std::optional<std::string_view>* known = key == "holdfast.verity"               ? &hash
                                                 : key == "holdfast.verity_data_blocks" ? &blocks
                                                 : key == "holdfast.verity_salt"        ? &salt
                                                 : key == "holdfast.set"                ? &set
                                                                                        : nullptr;
        if (known == nullptr) {
            continue;
        }
        if (known->has_value()) {
            return fault("kernel command line: ", key, " is there twice");
        }
        *known = value;
    }

    if (!hash || hash->size() != 64 || !is_hexadecimal(*hash)) {
        return fault("kernel command line: holdfast.verity= must be 64 hexadecimal digits");
    }
    request.root_hash.append(*hash);

    const auto count = blocks ? parse_number(*blocks) : std::nullopt;
    // 2^40 blocks are 4 PiB; the limit keeps the sector count far from overflow.
    if (!count || *count == 0 || *count > (std::uint64_t{1} << 40)) {
        return fault("kernel command line: holdfast.verity_data_blocks= must be a number above 0");
    }
    request.data_blocks = *count;

    if (!salt || salt->size() > 512 || salt->size() % 2 != 0 || !is_hexadecimal(*salt)) {
        return fault("kernel command line: holdfast.verity_salt= must be hexadecimal");
    }
    request.salt.append(*salt);

    if (set) {
        if (*set != "a" && *set != "b") {
            return fault("kernel command line: holdfast.set= must be a or b");
        }
        request.set = set->front();
    }
    return request;
}

} // namespace holdfast::initrd
