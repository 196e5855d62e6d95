#include "machine/qmp.hpp"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size)
{
    holdfast::machine::QmpReader reader;
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): the fuzzer's own type.
    reader.feed({reinterpret_cast<const char*>(data), size});
    for (;;) {
        const auto message = reader.next();
        if (message.has_value() && !(*message).has_value()) {
            return 0;
        }
        // A broken line is dropped whole, so the next call goes on behind it.
        if (!message.has_value() && message.error().code() == holdfast::Errc::too_large) {
            return 0;
        }
    }
}
