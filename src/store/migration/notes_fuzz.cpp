#include "store/migration/notes.hpp"

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace holdfast::store;
    const auto done = parse_done({reinterpret_cast<const char*>(data), size});
    if (!done.has_value()) {
        return 0;
    }
    const auto text = done_text(*done);
    const auto again = parse_done(text);
    holdfast::check(again.has_value() && done_text(*again) == text, "what was kept can be read");
    Rows rows{{{"settings.a.b", Source::api}, {"1", {}}}};
    for (const auto& item : *done) {
        undo(item.migration, item.traces, rows);
    }
    return 0;
}
