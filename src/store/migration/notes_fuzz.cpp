#include "store/migration/notes.hpp"

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace holdfast::store;
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    if (const auto aside = parse_aside(input); aside.has_value()) {
        const auto again = parse_aside(aside_text(*aside));
        holdfast::check(again.has_value() && aside_text(*again) == aside_text(*aside),
                        "what is aside can be read");
    }
    const auto done = parse_done(input);
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
