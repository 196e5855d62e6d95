#include "services/certdog/certdog.hpp"

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace holdfast::certdog;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto certificates = parse_certificates(text);
    if (certificates.has_value()) {
        // What was read can be written and read again, and is the same.
        const auto written = combine(text, {{.name = "x", .certificates = *certificates, .trusted = true}});
        const auto again = written.has_value() ? parse_certificates(*written)
                                               : holdfast::Result<std::vector<Certificate>>(*certificates);
        if (!written.has_value() || !again.has_value() || again->size() != 2 * certificates->size()) {
            __builtin_trap();
        }
    }
    static_cast<void>(parse_bundles(text));
    return 0;
}
