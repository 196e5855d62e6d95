#include "update/manifest/manifest.hpp"

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace holdfast;
    const auto manifest = update::parse_manifest({reinterpret_cast<const char*>(data), size});
    if (manifest.has_value()) {
        // Reading again may fail on size alone: what was written on one line may grow.
        const auto again = update::parse_manifest(to_text(update::to_json(*manifest)));
        check(again.has_value() ? *again == *manifest : again.error().code() == Errc::too_large,
              "manifest round trip");
    }
    return 0;
}
