#include "io/testing/fake_disk.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::io {

FakeDisk::FakeDisk(std::uint64_t size, std::uint32_t sector_size, std::uint64_t seed)
    : sector_size_(sector_size), durable_(size), random_(seed)
{
    check(size % sector_size == 0, "a disk is whole sectors");
}

Result<void> FakeDisk::check_range(std::uint64_t offset, std::size_t size) const
{
    if (is_off_) {
        return fail(Errc::io, "the power is off");
    }
    check(offset % sector_size_ == 0 && size % sector_size_ == 0, "disk access is whole sectors");
    if (offset > durable_.size() || size > durable_.size() - offset) {
        return fail(Errc::io, "byte {} is past the end of the disk", offset);
    }
    return {};
}

bool FakeDisk::touches(const std::optional<SectorRange>& range, std::uint64_t offset,
                       std::size_t size) const
{
    return range && size > 0 && offset / sector_size_ <= range->last &&
           (offset + size - 1) / sector_size_ >= range->first;
}

bool FakeDisk::take_step()
{
    ++steps_done_;
    if (steps_left_ && (*steps_left_)-- == 0) {
        is_off_ = true;
    }
    return is_off_;
}

void FakeDisk::store(const SectorWrite& written, std::vector<std::byte>& bytes,
                     std::size_t length) const
{
    std::ranges::copy(std::span(written.bytes).first(length),
                      std::span(bytes).subspan(written.sector * sector_size_).begin());
}

Result<void> FakeDisk::read(std::uint64_t offset, std::span<std::byte> bytes)
{
    TRY(check_range(offset, bytes.size()));
    if (touches(unreadable_, offset, bytes.size())) {
        return fail(Errc::io, "byte {} cannot be read", offset);
    }
    std::ranges::copy(std::span(durable_).subspan(offset, bytes.size()), bytes.begin());
    for (const auto& written : cache_) {
        const auto start = written.sector * sector_size_;
        if (start >= offset && start < offset + bytes.size()) {
            std::ranges::copy(written.bytes, bytes.subspan(start - offset).begin());
        }
    }
    return {};
}

Result<void> FakeDisk::write(std::uint64_t offset, std::span<const std::byte> bytes)
{
    TRY(check_range(offset, bytes.size()));
    if (touches(refused_, offset, bytes.size())) {
        return fail(Errc::io, "byte {} cannot be written", offset);
    }
    for (std::size_t done = 0; done < bytes.size(); done += sector_size_) {
        const auto sector = bytes.subspan(done, sector_size_);
        cache_.push_back({(offset + done) / sector_size_, {sector.begin(), sector.end()}});
    }
    if (take_step()) {
        return fail(Errc::io, "the power went");
    }
    return {};
}

Result<void> FakeDisk::flush()
{
    TRY(check_range(0, 0));
    if (take_step()) {
        return fail(Errc::io, "the power went");
    }
    for (const auto& written : cache_) {
        store(written, durable_, sector_size_);
    }
    cache_.clear();
    return {};
}

void FakeDisk::restart()
{
    std::ranges::shuffle(cache_, random_);
    // Some cuts lose everything and some nothing; left to chance alone, neither would ever occur.
    enum class Luck { all_lost, all_kept, mixed_1, mixed_2 };
    const auto luck = static_cast<Luck>(random_() % 4);
    for (const auto& written : cache_) {
        const auto fate = random_() % 3;
        if (luck == Luck::all_lost || (luck != Luck::all_kept && fate == 0)) {
            continue;
        }
        const bool is_torn = luck != Luck::all_kept && fate == 1;
        store(written, durable_, is_torn ? random_() % sector_size_ : sector_size_);
    }
    cache_.clear();
    steps_left_.reset();
    is_off_ = false;
}

std::vector<std::byte> FakeDisk::content() const
{
    auto bytes = durable_;
    for (const auto& written : cache_) {
        store(written, bytes, sector_size_);
    }
    return bytes;
}

void FakeDisk::set_content(std::vector<std::byte> bytes)
{
    check(bytes.size() % sector_size_ == 0, "a disk is whole sectors");
    durable_ = std::move(bytes);
    cache_.clear();
}

} // namespace holdfast::io
