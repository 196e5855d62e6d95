#pragma once

#include "base/fallible.hpp"

#include <string_view>

namespace holdfast::boot {

/// Why something below `boot/` failed. An enum, because the boot manager has no heap for a message.
enum class Fault : unsigned char {
    bad_text,             ///< Not a GUID in text form.
    read_failed,          ///< The disk refused to read.
    write_failed,         ///< The disk refused to write or to flush.
    unsupported_blocks,   ///< Blocks of a size that we don't handle.
    no_table,             ///< No GPT signature.
    bad_header,           ///< A header field has a value that it must not have.
    bad_header_checksum,  ///< The header's CRC-32 does not match.
    misplaced_header,     ///< The header says that it belongs elsewhere.
    out_of_bounds,        ///< The table or a partition lies where it cannot lie.
    too_large,            ///< More than we have room for: table entries, or an image.
    bad_entries_checksum, ///< The CRC-32 over the entries does not match.
    bad_image,            ///< Not a PE image, or a damaged one.
    no_memory,            ///< The firmware has no memory left.
    no_disk,              ///< The disk that we were started from cannot be found.
    refused,              ///< The firmware refused the image.
    not_trusted,          ///< Secure Boot refused the image.
    came_back,            ///< What was started returned.
    nothing_bootable,     ///< No set has a priority and either tries left or a success.
};

/// For people: "the disk cannot be read".
std::string_view text(Fault fault);

template <typename T>
using Outcome = Fallible<T, Fault>;

inline Failure<Fault> fail(Fault fault)
{
    return Failure{fault};
}

} // namespace holdfast::boot
