#include "containers/lifecycle/registry_access.hpp"

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace holdfast::containers;
    const auto access = RegistryAccess::parse({reinterpret_cast<const char*>(data), size});
    if (access.has_value()) {
        for (const char* name : {"nginx", "r.example/a/b:1"}) {
            const auto image = RegistryImage::parse(name);
            std::vector<std::string> skipped;
            const auto endpoints = access->endpoints(*image, skipped);
            holdfast::check(!endpoints.empty() && endpoints.back().reference == image->str(),
                            "the registry itself is last");
            (void)access->login(*image);
        }
    }
    return 0;
}
