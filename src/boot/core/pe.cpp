#include "boot/core/pe.hpp"

#include "boot/core/bytes.hpp"

#include <algorithm>

namespace holdfast::boot {

// Offsets from Microsoft's PE format specification.
namespace {

constexpr std::uint16_t dos_magic = 0x5a4d;   // "MZ"
constexpr std::uint32_t pe_magic = 0x00004550; // "PE\0\0"
constexpr std::uint16_t pe32_plus = 0x20b;
constexpr std::size_t coff_bytes = 24; // With the magic.
constexpr std::size_t section_bytes = 40;
constexpr std::uint32_t certificate_directory = 4;

/// The bytes [offset, offset + size), or nothing.
Outcome<std::span<const std::byte>> part(std::span<const std::byte> bytes, std::size_t offset,
                                         std::size_t size)
{
    if (offset > bytes.size() || size > bytes.size() - offset) {
        return fail(Fault::bad_image);
    }
    return bytes.subspan(offset, size);
}

std::uint64_t end_of(std::span<const std::byte> bytes, std::size_t start_offset,
                     std::size_t size_offset)
{
    return std::uint64_t{load<std::uint32_t>(bytes, start_offset)} +
           load<std::uint32_t>(bytes, size_offset);
}

/// Where headers and certificates end.
Outcome<std::uint64_t> end_by_optional_header(std::span<const std::byte> optional)
{
    constexpr std::size_t directories_offset = 112;
    if (optional.size() < directories_offset || load<std::uint16_t>(optional, 0) != pe32_plus) {
        return fail(Fault::bad_image);
    }
    const std::uint64_t end = load<std::uint32_t>(optional, 60);
    if (load<std::uint32_t>(optional, 108) <= certificate_directory) {
        return end;
    }
    TRY_ASSIGN(const auto certificates,
               part(optional, directories_offset + 8 * certificate_directory, 8));
    // Unlike the other directories this one names a place in the file, not in memory.
    return std::max(end, end_of(certificates, 0, 4));
}

} // namespace

Outcome<std::uint64_t> pe_image_size(std::span<const std::byte> head)
{
    TRY_ASSIGN(const auto dos, part(head, 0, 64));
    if (load<std::uint16_t>(dos, 0) != dos_magic) {
        return fail(Fault::bad_image);
    }
    const std::size_t start = load<std::uint32_t>(dos, 60);
    TRY_ASSIGN(const auto coff, part(head, start, coff_bytes));
    if (load<std::uint32_t>(coff, 0) != pe_magic) {
        return fail(Fault::bad_image);
    }
    const std::size_t section_count = load<std::uint16_t>(coff, 6);
    const std::size_t optional_bytes = load<std::uint16_t>(coff, 20);
    TRY_ASSIGN(const auto optional, part(head, start + coff_bytes, optional_bytes));
    TRY_ASSIGN(auto end, end_by_optional_header(optional));

    TRY_ASSIGN(const auto sections, part(head, start + coff_bytes + optional_bytes,
                                         section_count * section_bytes));
    for (std::size_t i = 0; i < section_count; ++i) {
        const auto section = sections.subspan(i * section_bytes, section_bytes);
        const bool is_in_file = load<std::uint32_t>(section, 16) != 0;
        if (is_in_file) {
            end = std::max(end, end_of(section, 20, 16));
        }
    }
    if (end == 0) {
        return fail(Fault::bad_image);
    }
    return end;
}

} // namespace holdfast::boot
