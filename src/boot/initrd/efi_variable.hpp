#pragma once

#include "boot/initrd/fault.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace holdfast::initrd {

/// The vendor of the Boot Loader Interface's variables.
inline constexpr std::string_view loader_vendor = "4a67b082-0a4c-41cf-b6c7-440b29bb8c4f";

/// The text of a variable as efivarfs shows it: four bytes of attributes, then UTF-16LE, ended by a
/// NUL or by the end. Nothing, if it is cut short, too long, or not printable ASCII; both variables
/// that we read have no business with other characters.
std::optional<FixedText<64>> decode_text_variable(std::span<const std::byte> content);

/// The letter of "holdfast-a.efi" or "holdfast-b.efi".
std::optional<char> set_of_entry(std::string_view entry);

} // namespace holdfast::initrd
