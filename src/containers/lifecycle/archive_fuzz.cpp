#include "containers/lifecycle/images.hpp"

#include <algorithm>
#include <cstdint>

namespace {

/// The fuzzer's bytes as a disk.
class Bytes final : public holdfast::io::BlockDevice {
public:
    explicit Bytes(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}
    std::uint32_t sector_size() const override { return 512; }
    std::uint64_t size() const override { return bytes_.size() / 512 * 512; }
    holdfast::Result<void> read(std::uint64_t offset, std::span<std::byte> into) override
    {
        holdfast::check(offset % 512 == 0 && into.size() % 512 == 0 && offset <= size() &&
                            into.size() <= size() - offset,
                        "reads stay inside and aligned");
        std::ranges::copy(std::as_bytes(bytes_.subspan(offset, into.size())), into.begin());
        return {};
    }
    holdfast::Result<void> write(std::uint64_t, std::span<const std::byte>) override
    {
        return holdfast::fail(holdfast::Errc::denied, "read only");
    }
    holdfast::Result<void> flush() override { return {}; }

private:
    std::span<const std::uint8_t> bytes_;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    Bytes device({data, size});
    (void)holdfast::containers::archive_digest(device);
    return 0;
}
