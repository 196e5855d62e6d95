#include "boot/core/bytes.hpp"
#include "boot/core/crc32.hpp"
#include "boot/core/table_io.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <vector>

namespace {

using namespace holdfast::boot;

/// The input as a disk. Its first byte chooses the size of a block, and whether checksums are made
/// right, without which no input would ever get behind them.
class InputDisk final : public Disk {
public:
    InputDisk(const std::uint8_t* data, std::size_t size)
        : block_size_((data[0] & 1) == 0 ? 512 : 4096)
    {
        const auto input = std::as_bytes(std::span(data + 1, size - 1));
        content_.assign(input.begin(), input.end());
        content_.resize((content_.size() + block_size_ - 1) / block_size_ * block_size_);
        if ((data[0] & 2) != 0 && block_count() > 1) {
            make_valid(1);
        }
        if ((data[0] & 4) != 0 && block_count() > 1) {
            make_valid(block_count() - 1);
        }
    }

    std::uint32_t block_size() const override { return block_size_; }
    std::uint64_t block_count() const override { return content_.size() / block_size_; }
    Outcome<void> read(std::uint64_t block, std::span<std::byte> bytes) override
    {
        if (!contains(block, bytes.size())) {
            return fail(Fault::read_failed);
        }
        std::ranges::copy(std::span(content_).subspan(block * block_size_, bytes.size()),
                          bytes.begin());
        return {};
    }
    Outcome<void> write(std::uint64_t block, std::span<const std::byte> bytes) override
    {
        if (!contains(block, bytes.size())) {
            return fail(Fault::write_failed);
        }
        std::ranges::copy(bytes, std::span(content_).subspan(block * block_size_).begin());
        return {};
    }
    Outcome<void> flush() override { return {}; }

private:
    void make_valid(std::uint64_t block)
    {
        const auto header = std::span(content_).subspan(block * block_size_, block_size_);
        const auto start = load<std::uint64_t>(header, 72);
        const auto size = std::uint64_t{load<std::uint32_t>(header, 80)} *
                          load<std::uint32_t>(header, 84);
        if (start < block_count() && size <= content_.size() - start * block_size_) {
            const auto entries = std::span(content_).subspan(start * block_size_, size);
            store<std::uint32_t>(header, 88, crc32(entries));
        }
        store<std::uint64_t>(header, 0, 0x5452415020494645);
        store<std::uint64_t>(header, 8, 0x0000005c00010000);
        store<std::uint64_t>(header, 24, block);
        store<std::uint32_t>(header, 16, 0);
        store<std::uint32_t>(header, 16, crc32(header.first(92)));
    }

    bool contains(std::uint64_t block, std::size_t size) const
    {
        const auto blocks = size / block_size_;
        return block < block_count() && blocks <= block_count() - block;
    }
    std::uint32_t block_size_;
    std::vector<std::byte> content_;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size == 0) {
        return 0;
    }
    InputDisk disk(data, size);
    auto table = std::make_unique<PartitionTable>();
    const auto state = load_table(disk, *table);
    if (!state.has_value()) {
        return 0;
    }
    for (std::uint32_t i = 0; i < table->entry_count(); ++i) {
        const auto partition = table->partition(i);
        table->set_attributes(i, ~partition.attributes);
    }
    // What was written whole must be found again, and be whole.
    if (write_table(disk, *table).has_value()) {
        const auto again = load_table(disk, *table);
        if (!again.has_value() || again->needs_repair()) {
            std::abort();
        }
    }
    return 0;
}
