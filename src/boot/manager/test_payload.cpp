// Stands in for a UKI in the boot manager's test: says on the console who it is and what it was
// given, then does what the test asked for by changing a letter in its file.

#include "boot/manager/console.hpp"
#include "boot/manager/device_path.hpp"
#include "boot/manager/loader_variables.hpp"

namespace {

using namespace holdfast::uefi;

/// "R" returns to the boot manager, "O" switches the machine off.
[[gnu::used]] volatile char action[] = "ACTION=O";
/// The set that the test put it into.
[[gnu::used]] volatile char letter[] = "LETTER=?";

void print_origin(Handle self, SystemTable& system)
{
    void* image = nullptr;
    void* path = nullptr;
    const bool has_device =
        !failed(system.boot->handle_protocol(self, &loaded_image_protocol, &image)) &&
        static_cast<LoadedImage*>(image)->device != nullptr &&
        !failed(system.boot->handle_protocol(static_cast<LoadedImage*>(image)->device,
                                             &device_path_protocol, &path));
    Text line;
    const char name = letter[7];
    line.add("payload ").add(std::string_view(&name, 1)).add(" runs from ");
    const auto id = has_device ? partition_id(static_cast<DevicePath*>(path)) : std::nullopt;
    if (id) {
        const auto text = holdfast::boot::lower_case(*id);
        line.add(std::string_view(text.data(), text.size()));
    }
    Console(system.console_out).print(line);
}

void print_variable(SystemTable& system, const char16_t* name)
{
    std::array<char16_t, 128> value{};
    std::uintptr_t size = sizeof value - sizeof(char16_t);
    system.runtime->get_variable(name, &loader_vendor, nullptr, &size, value.data());
    Console(system.console_out).print(Text().add(name).add("=").add(value.data()));
}

void print_boot_fault(SystemTable& system)
{
    std::array<char, 256> value{};
    std::uintptr_t size = value.size();
    system.runtime->get_variable(boot_fault_name, &holdfast_vendor, nullptr, &size, value.data());
    Console(system.console_out)
        .print(Text().add(boot_fault_name).add("=").add(std::string_view(value.data())));
}

} // namespace

extern "C" Status efi_main(Handle self, SystemTable* system)
{
    print_origin(self, *system);
    for (const auto* name : {u"LoaderInfo", u"LoaderDevicePartUUID", u"LoaderEntrySelected",
                             u"LoaderTimeInitUSec", u"LoaderTimeExecUSec", u"LoaderFirmwareType"}) {
        print_variable(*system, name);
    }
    print_boot_fault(*system);
    if (action[7] == 'O') {
        system->runtime->reset_system(ResetType::shutdown, success, 0, nullptr);
    }
    return success;
}
