#pragma once

#include "boot/core/guid.hpp"

#include <cstddef>
#include <cstdint>

/// What we use of UEFI 2.10, declared by us: tables §4, boot services §7, runtime services §8,
/// loaded image §9, device paths §10, console §12, block I/O §13. The compiler's target is Windows,
/// whose calling convention is UEFI's. Members that we never touch are `unused_` placeholders.
namespace holdfast::uefi {

using boot::guid_constant;
using boot::Guid;

using Status = std::uintptr_t;
using Handle = void*;

inline constexpr Status error_bit = std::uintptr_t{1} << (8 * sizeof(Status) - 1);
inline constexpr Status success = 0;
inline constexpr Status access_denied = error_bit | 15;
inline constexpr Status security_violation = error_bit | 26;

constexpr bool failed(Status status)
{
    return (status & error_bit) != 0;
}

using UnusedFunction = void (*)();

struct TableHeader {
    std::uint64_t signature;
    std::uint32_t revision;
    std::uint32_t header_size;
    std::uint32_t checksum;
    std::uint32_t reserved;
};

/// The header of a node. What follows depends on type and subtype.
struct DevicePath {
    std::uint8_t type;
    std::uint8_t subtype;
    std::uint8_t length[2]; ///< Little-endian, this header included.
};

struct TextOutput {
    UnusedFunction unused_reset;
    Status (*output_string)(TextOutput* self, const char16_t* text);
    // More follows.
};

enum class AllocateType : std::uint32_t { any_pages, max_address, address };
enum class MemoryType : std::uint32_t { reserved, loader_code, loader_data };
enum class ResetType : std::uint32_t { cold, warm, shutdown };

struct BootServices {
    TableHeader header;
    UnusedFunction unused_priority[2];
    Status (*allocate_pages)(AllocateType type, MemoryType memory, std::uintptr_t pages,
                             std::uint64_t* address);
    Status (*free_pages)(std::uint64_t address, std::uintptr_t pages);
    UnusedFunction unused_memory[3];
    UnusedFunction unused_events[6];
    UnusedFunction unused_install_protocol[3];
    Status (*handle_protocol)(Handle handle, const Guid* protocol, void** interface);
    void* unused_reserved;
    UnusedFunction unused_register_protocol_notify;
    UnusedFunction unused_locate_handle;
    Status (*locate_device_path)(const Guid* protocol, const DevicePath** path, Handle* device);
    UnusedFunction unused_install_configuration_table;
    Status (*load_image)(bool boot_policy, Handle parent, const DevicePath* path,
                         const void* source, std::uintptr_t source_size, Handle* image);
    Status (*start_image)(Handle image, std::uintptr_t* exit_data_size, char16_t** exit_data);
    UnusedFunction unused_exit;
    Status (*unload_image)(Handle image);
    UnusedFunction unused_exit_boot_services;
    UnusedFunction unused_get_next_monotonic_count;
    Status (*stall)(std::uintptr_t microseconds);
    Status (*set_watchdog_timer)(std::uintptr_t seconds, std::uint64_t code,
                                 std::uintptr_t data_size, const char16_t* data);
    // More follows.
};

struct RuntimeServices {
    TableHeader header;
    UnusedFunction unused_time[4];
    UnusedFunction unused_virtual_memory[2];
    Status (*get_variable)(const char16_t* name, const Guid* vendor, std::uint32_t* attributes,
                           std::uintptr_t* size, void* data);
    UnusedFunction unused_get_next_variable_name;
    Status (*set_variable)(const char16_t* name, const Guid* vendor, std::uint32_t attributes,
                           std::uintptr_t size, const void* data);
    UnusedFunction unused_get_next_high_monotonic_count;
    void (*reset_system)(ResetType type, Status status, std::uintptr_t data_size, const void* data);
    // More follows.
};

struct SystemTable {
    TableHeader header;
    const char16_t* firmware_vendor;
    std::uint32_t firmware_revision;
    Handle console_in_handle;
    void* console_in;
    Handle console_out_handle;
    TextOutput* console_out;
    Handle standard_error_handle;
    TextOutput* standard_error;
    RuntimeServices* runtime;
    BootServices* boot;
    // More follows.
};

struct LoadedImage {
    std::uint32_t revision;
    Handle parent;
    SystemTable* system;
    Handle device;
    const DevicePath* file_path;
    // More follows.
};
inline constexpr auto loaded_image_protocol =
    guid_constant("5b1b31a1-9562-11d2-8e3f-00a0c969723b");

inline constexpr auto device_path_protocol =
    guid_constant("09576e91-6d3f-11d2-8e39-00a0c969723b");

struct BlockMedia {
    std::uint32_t id;
    bool is_removable;
    bool is_present;
    bool is_partition;
    bool is_read_only;
    bool caches_writes;
    std::uint32_t block_size;
    std::uint32_t buffer_alignment; ///< 0 and 1: none.
    std::uint64_t last_block;
    // More follows.
};

struct BlockIo {
    std::uint64_t revision;
    BlockMedia* media;
    UnusedFunction unused_reset;
    Status (*read_blocks)(BlockIo* self, std::uint32_t media, std::uint64_t block,
                          std::uintptr_t size, void* buffer);
    Status (*write_blocks)(BlockIo* self, std::uint32_t media, std::uint64_t block,
                           std::uintptr_t size, const void* buffer);
    Status (*flush_blocks)(BlockIo* self);
};
inline constexpr auto block_io_protocol = guid_constant("964e5b21-6459-11d2-8e39-00a0c969723b");

// Offsets that a 64-bit firmware has (UEFI 2.10 §4); a forgotten member would shift them.
static_assert(offsetof(BootServices, allocate_pages) == 40);
static_assert(offsetof(BootServices, handle_protocol) == 152);
static_assert(offsetof(BootServices, locate_device_path) == 184);
static_assert(offsetof(BootServices, load_image) == 200);
static_assert(offsetof(BootServices, stall) == 248);
static_assert(offsetof(RuntimeServices, set_variable) == 88);
static_assert(offsetof(RuntimeServices, reset_system) == 104);
static_assert(offsetof(SystemTable, boot) == 96);
static_assert(offsetof(BlockMedia, last_block) == 24);

} // namespace holdfast::uefi
