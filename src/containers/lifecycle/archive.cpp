#include "containers/lifecycle/images.hpp"

#include "base/text.hpp"
#include "crypto/sha256.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace holdfast::containers {

namespace {

// POSIX.1-2017, pax, "ustar Interchange Format".
constexpr std::size_t block_size = 512;
constexpr std::size_t name_length = 100;
constexpr std::size_t size_offset = 124;
constexpr std::size_t size_length = 12;
constexpr std::size_t type_offset = 156;
constexpr std::size_t longest_index = 4U << 20;

using Block = std::array<std::byte, block_size>;

std::string_view text_of(const Block& block, std::size_t offset, std::size_t length)
{
    const std::string_view field(reinterpret_cast<const char*>(block.data()) + offset, length);
    return field.substr(0, field.find('\0'));
}

/// Octal digits, ended by NUL or a space. Nothing for another form (over 8 GiB), which no archive
/// of ours has.
std::optional<std::uint64_t> size_of(const Block& header)
{
    auto digits = trimmed(text_of(header, size_offset, size_length));
    std::uint64_t size = 0;
    for (const char digit : digits) {
        if (digit < '0' || digit > '7') {
            return std::nullopt;
        }
        size = size * 8 + static_cast<std::uint64_t>(digit - '0');
    }
    return size;
}

} // namespace

Result<std::string> archive_digest(io::BlockDevice& archive)
{
    Block header;
    for (std::uint64_t at = 0; at + block_size <= archive.size();) {
        TRY(archive.read(at, header));
        at += block_size;
        const auto size = size_of(header);
        const auto name = text_of(header, 0, name_length);
        if (name.empty() || !size.has_value() || *size > archive.size() - at) {
            break;
        }
        const auto padded = (*size + block_size - 1) / block_size * block_size;
        const char type = static_cast<char>(header[type_offset]);
        if ((name == "index.json" || name == "./index.json") && (type == '0' || type == '\0')) {
            if (*size > longest_index || padded > archive.size() - at) {
                break;
            }
            std::string index(padded, '\0');
            TRY(archive.read(at, std::as_writable_bytes(std::span(index))));
            return "sha256:" + crypto::sha256(std::string_view(index).substr(0, *size)).hex();
        }
        at += padded;
    }
    return fail(Errc::corrupt, "no OCI archive: expected an uncompressed tar with an index.json");
}

Result<void> import_archive(Runtime& runtime, const ArchiveImage& image, io::BlockDevice& archive,
                            const Labels& labels)
{
    TRY_ASSIGN(const auto digest, archive_digest(archive).while_(image.path.native()));
    const auto stored = runtime.image(image.name());
    if (stored.has_value() && stored->target.digest == digest &&
        find_image(runtime, image.name()).has_value()) {
        return runtime.label_image(image.name(), labels);
    }
    std::uint64_t at = 0;
    return runtime.import(image.name(), labels,
                          [&archive, &at](std::size_t most) -> Result<std::string> {
                              const auto left = archive.size() - at;
                              auto count = std::min<std::uint64_t>(most, left);
                              // A small window would otherwise ask for less than a sector.
                              count = std::min<std::uint64_t>(
                                  std::max<std::uint64_t>(count / block_size, 1) * block_size,
                                  left);
                              std::string piece(count, '\0');
                              TRY(archive.read(at, std::as_writable_bytes(std::span(piece))));
                              at += count;
                              return piece;
                          });
}

} // namespace holdfast::containers
