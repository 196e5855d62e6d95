#include "io/curl/transfer.hpp"

#include <cstdint>

/// Header lines and body pieces as a server likes to send them, over several tries: the sink never
/// gets more than the cap.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace holdfast;
    std::string_view rest(reinterpret_cast<const char*>(data), size);
    io::HttpFetch request{.url = "http://x/", .most_bytes = 100};
    if (rest.starts_with('r')) {
        request.range = io::ByteRange{10, 50};
    }
    std::uint64_t got = 0;
    const io::ByteSink sink = [&got](std::span<const std::byte> bytes) -> Result<void> {
        got += bytes.size();
        return {};
    };
    io::Transfer transfer(request, sink);
    transfer.begin_try();
    while (!rest.empty() && !transfer.failure()) {
        const auto line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(rest.size(), line.size() + 1));
        if (line.starts_with("try")) {
            transfer.begin_try();
        } else if (line.starts_with("body ")) {
            transfer.take_body(std::as_bytes(std::span(line.substr(5))));
        } else {
            transfer.take_header(line);
        }
    }
    check(got <= 100 && got == transfer.delivered(), "the cap holds");
    return 0;
}
