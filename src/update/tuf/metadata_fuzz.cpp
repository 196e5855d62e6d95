#include "update/tuf/decode.hpp"
#include "update/tuf/document.hpp"
#include "update/tuf/encode.hpp"
#include "update/tuf/trusted_metadata.hpp"

#include <cstdint>

namespace {

using namespace holdfast;

/// What was read and is written again reads the same.
template <typename Read, typename Write>
void check_round_trip(const Json& signed_part, Read read, Write write)
{
    const auto first = read(signed_part);
    if (first.has_value()) {
        const auto written = write(*first);
        const auto second = read(written);
        check(second.has_value() && write(*second) == written, "metadata round trip");
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    check(!tuf::TrustedMetadata::start(text, {}).has_value() || text.contains("sig"),
          "nothing is trusted without a signature");
    const auto document = tuf::Document::parse(text, 1U << 20);
    if (!document.has_value()) {
        return 0;
    }
    const auto again = tuf::Document::parse(document->text(), 8U << 20);
    check(again.has_value() && again->signed_text() == document->signed_text(), "one signed text");
    const auto& part = document->signed_part();
    check_round_trip(part, tuf::read_root, tuf::write_root);
    check_round_trip(part, tuf::read_timestamp, tuf::write_timestamp);
    check_round_trip(part, tuf::read_snapshot, tuf::write_snapshot);
    check_round_trip(part, tuf::read_targets, tuf::write_targets);
    return 0;
}
