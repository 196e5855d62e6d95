#pragma once

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace holdfast::initrd {

/// Text of at most `capacity` characters, stored in place. The initrd has no `std::string`: its
/// error paths would link the C++ exception machinery, half a megabyte that every boot unpacks.
///
/// Appending more than fits drops the rest and sets `overflowed()`, which whoever builds text that
/// must be whole asks at the end.
template <std::size_t capacity>
class FixedText {
public:
    FixedText() = default;
    explicit FixedText(std::string_view text) { append(text); }

    FixedText& append(std::string_view text)
    {
        for (const char character : text) {
            if (size_ == capacity) {
                overflowed_ = true;
                break;
            }
            characters_[size_++] = character;
        }
        return *this;
    }
    FixedText& append(std::uint64_t number)
    {
        std::array<char, 20> digits{};
        const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
        return append({digits.data(), static_cast<std::size_t>(end - digits.data())});
    }

    std::string_view view() const { return {characters_.data(), size_}; }
    /// Ends with a NUL; the array has one more element than the text may have.
    const char* c_str() const { return characters_.data(); }
    bool empty() const { return size_ == 0; }
    bool overflowed() const { return overflowed_; }

private:
    std::array<char, capacity + 1> characters_{};
    std::size_t size_ = 0;
    bool overflowed_ = false;
};

} // namespace holdfast::initrd
