#include "boot/manager/device_path.hpp"

#include "boot/core/bytes.hpp"

#include <algorithm>

namespace holdfast::uefi {

namespace {

// UEFI 2.10 §10.3.
constexpr std::uint8_t media_type = 4;
constexpr std::uint8_t partition_subtype = 1;
constexpr std::uint8_t file_subtype = 4;
constexpr std::uint8_t end_type = 0x7f;
constexpr std::uint8_t end_subtype = 0xff;
constexpr std::size_t header_bytes = 4;

// The node of a partition, by offset from the end of the header.
constexpr std::size_t partition_body_bytes = 38;
constexpr std::size_t first_block_offset = 4;
constexpr std::size_t block_count_offset = 12;
constexpr std::size_t id_offset = 20;
constexpr std::size_t format_offset = 36;
constexpr std::size_t id_type_offset = 37;
constexpr std::byte gpt_format{2};
constexpr std::byte guid_id{2};

std::size_t length_of(const DevicePath* node)
{
    // A length below its own header would be walked for ever.
    return std::max<std::size_t>(node->length[0] + 256U * node->length[1], header_bytes);
}

std::span<const std::byte> bytes_of(const DevicePath* node)
{
    return {reinterpret_cast<const std::byte*>(node), length_of(node)};
}

const DevicePath* next(const DevicePath* node)
{
    return reinterpret_cast<const DevicePath*>(bytes_of(node).data() + length_of(node));
}

bool is_gpt_partition(const DevicePath* node)
{
    const auto bytes = bytes_of(node);
    return node->type == media_type && node->subtype == partition_subtype &&
           bytes.size() == header_bytes + partition_body_bytes &&
           bytes[header_bytes + format_offset] == gpt_format &&
           bytes[header_bytes + id_type_offset] == guid_id;
}

/// The node of the partition, or the end.
const DevicePath* find_partition(const DevicePath* path)
{
    while (!is_end(path) && !is_gpt_partition(path)) {
        path = next(path);
    }
    return path;
}

} // namespace

bool is_end(const DevicePath* node)
{
    return node->type == end_type;
}

std::optional<Guid> partition_id(const DevicePath* device)
{
    const auto* node = find_partition(device);
    if (is_end(node)) {
        return std::nullopt;
    }
    return boot::load_guid(bytes_of(node), header_bytes + id_offset);
}

std::optional<PathBuffer> PathBuffer::disk_of(const DevicePath* device)
{
    const auto* partition = find_partition(device);
    if (is_end(partition)) {
        return std::nullopt;
    }
    PathBuffer buffer;
    for (const auto* node = device; node != partition; node = next(node)) {
        const auto body = bytes_of(node).subspan(header_bytes);
        const auto room = buffer.add_node(node->type, node->subtype, body.size());
        if (room.size() != body.size()) {
            return std::nullopt;
        }
        std::ranges::copy(body, room.begin());
    }
    return buffer;
}

bool PathBuffer::add_partition(std::uint32_t number, const boot::Partition& partition)
{
    const auto body = add_node(media_type, partition_subtype, partition_body_bytes);
    if (body.empty()) {
        return false;
    }
    boot::store<std::uint32_t>(body, 0, number);
    boot::store<std::uint64_t>(body, first_block_offset, partition.first_block);
    boot::store<std::uint64_t>(body, block_count_offset,
                               partition.last_block - partition.first_block + 1);
    boot::store_guid(body, id_offset, partition.id);
    body[format_offset] = gpt_format;
    body[id_type_offset] = guid_id;
    return true;
}

bool PathBuffer::add_file(const char16_t* name)
{
    std::size_t units = 1; // The NUL belongs to it.
    while (name[units - 1] != 0) {
        ++units;
    }
    const auto body = add_node(media_type, file_subtype, 2 * units);
    if (body.empty()) {
        return false;
    }
    for (std::size_t i = 0; i < units; ++i) {
        boot::store<std::uint16_t>(body, 2 * i, name[i]);
    }
    return true;
}

std::span<std::byte> PathBuffer::add_node(std::uint8_t type, std::uint8_t subtype,
                                          std::size_t body_size)
{
    const auto size = header_bytes + body_size;
    if (size > bytes_.size() - header_bytes - length_) {
        return {};
    }
    const auto node = std::span(bytes_).subspan(length_, size);
    node[0] = static_cast<std::byte>(type);
    node[1] = static_cast<std::byte>(subtype);
    boot::store<std::uint16_t>(node, 2, static_cast<std::uint16_t>(size));
    length_ += size;
    end();
    return node.subspan(header_bytes);
}

void PathBuffer::end()
{
    const auto node = std::span(bytes_).subspan(length_, header_bytes);
    node[0] = static_cast<std::byte>(end_type);
    node[1] = static_cast<std::byte>(end_subtype);
    boot::store<std::uint16_t>(node, 2, header_bytes);
}

} // namespace holdfast::uefi
