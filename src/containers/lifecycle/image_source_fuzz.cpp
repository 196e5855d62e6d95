#include "containers/lifecycle/image_source.hpp"

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace holdfast::containers;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto source = parse_image_source(text);
    if (source.has_value()) {
        if (const auto* image = std::get_if<RegistryImage>(&*source)) {
            // The full form is a fixed point, and it holds nothing that could end a line or a word.
            const auto again = RegistryImage::parse(image->str());
            holdfast::check(again.has_value() && again->str() == image->str(), "round trip");
            holdfast::check(image->str().find_first_of(" \n\"'$`\\") == std::string::npos, "plain");
        }
    }
    return 0;
}
