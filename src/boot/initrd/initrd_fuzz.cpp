#include "boot/initrd/command_line.hpp"
#include "boot/initrd/efi_variable.hpp"
#include "boot/initrd/machine_id.hpp"
#include "boot/initrd/modules.hpp"
#include "boot/initrd/partitions.hpp"
#include "boot/initrd/verity.hpp"

#include <cstdint>
#include <string_view>

// The bytes that reach the initrd from outside: the command line, firmware variables, the kernel's
// description of devices, names, files, the superblock. The table has its fuzzer in boot/core.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace holdfast::initrd;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const std::span bytes(reinterpret_cast<const std::byte*>(data), size);

    const auto request = parse_command_line(text);
    if (request.has_value()) {
        const auto table = verity_table("/dev/a", "/dev/b", *request);
        if (!table.has_value() || request->data_blocks == 0) {
            __builtin_trap(); // What was accepted fits.
        }
    }
    BootRequest known;
    known.data_blocks = 2;
    static_cast<void>(check_superblock(bytes, known));
    if (const auto variable = decode_text_variable(bytes)) {
        static_cast<void>(set_of_entry(variable->view()));
    }
    const auto half = size / 2;
    static_cast<void>(parse_uevent(text.substr(0, half), text.substr(half)));
    static_cast<void>(
        machine_id_of_hypervisor({text.substr(0, half), text.substr(0, half), text.substr(half)}));
    static_cast<void>(machine_id_of_hypervisor({{}, "QEMU", text}));
    static_cast<void>(machine_id_from_file(text));
    static_cast<void>(data_uuid_from_file(text));
    ModuleList list;
    list.add(text);
    return 0;
}
