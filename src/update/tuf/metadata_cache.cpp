#include "update/tuf/metadata_cache.hpp"

#include "base/text.hpp"
#include "base/utc_time.hpp"
#include "update/tuf/names.hpp"

namespace holdfast::tuf {

namespace {

constexpr auto time_file = "latest-known-time";

} // namespace

MetadataCache::MetadataCache(io::Files& files, std::filesystem::path folder)
    : files_(files), folder_(std::move(folder))
{
}

std::optional<std::string> MetadataCache::load(std::string_view role, std::size_t limit) const
{
    auto text = files_.read(folder_ / cached_name(role), limit);
    return text.has_value() ? std::optional(*std::move(text)) : std::nullopt;
}

Result<void> MetadataCache::save(std::string_view role, std::string_view text)
{
    if (!files_.exists(folder_)) {
        TRY(files_.create_directories(folder_));
        TRY(files_.flush_directory(folder_.parent_path()));
    }
    return io::replace_file(files_, folder_ / cached_name(role), text);
}

Result<void> MetadataCache::forget_timestamp_and_snapshot()
{
    if (!files_.exists(folder_)) {
        return {};
    }
    TRY(files_.remove(folder_ / cached_name("timestamp")));
    TRY(files_.remove(folder_ / cached_name("snapshot")));
    return files_.flush_directory(folder_);
}

Time MetadataCache::latest_known_time() const
{
    const auto text = files_.read(folder_ / time_file, 64);
    const auto time = text.has_value() ? parse_utc_time(trimmed(*text)) : Result<Time>(Time{});
    return time.has_value() ? *time : Time{};
}

Result<void> MetadataCache::save_latest_known_time(Time time)
{
    return io::replace_file(files_, folder_ / time_file, utc_text(time) + "\n");
}

} // namespace holdfast::tuf
