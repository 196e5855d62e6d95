#include "update/tuf/metadata_cache.hpp"

#include "base/text.hpp"
#include "base/utc_time.hpp"
#include "update/tuf/names.hpp"

#include <algorithm>

namespace holdfast::tuf {

namespace {

constexpr auto time_file = "latest-known-time";
constexpr auto chain_file = "root-chain";
/// As many as a machine follows in two refreshes.
constexpr std::size_t most_in_chain = 2048;
constexpr std::size_t largest_chain = most_in_chain * 65;
/// One that people test with, one that they use, and some more.
constexpr std::size_t most_repositories = 4;

} // namespace

MetadataCache::MetadataCache(io::Files& files, std::filesystem::path folder,
                             const std::filesystem::path& repository)
    : files_(files), folder_(std::move(folder)),
      own_(repository.empty() ? folder_ : folder_ / repository)
{
}

std::filesystem::path MetadataCache::place_of(std::string_view role) const
{
    return (role == "root" ? folder_ : own_) / cached_name(role);
}

std::vector<std::filesystem::path> MetadataCache::repositories() const
{
    std::vector<std::filesystem::path> found;
    for (const auto& name : files_.list(folder_).value_or(std::vector<std::string>())) {
        if (files_.is_directory(folder_ / name)) {
            found.push_back(folder_ / name);
        }
    }
    return found;
}

std::optional<std::string> MetadataCache::load(std::string_view role, std::size_t limit) const
{
    auto text = files_.read(place_of(role), limit);
    return text.has_value() ? std::optional(*std::move(text)) : std::nullopt;
}

Result<void> MetadataCache::save(std::string_view role, std::string_view text)
{
    const auto place = place_of(role);
    if (!files_.exists(place.parent_path())) {
        TRY(make_folder(place.parent_path()));
    }
    return io::replace_file(files_, place, text);
}

Result<void> MetadataCache::make_folder(const std::filesystem::path& folder)
{
    if (folder != folder_ && repositories().size() >= most_repositories) {
        TRY(forget_other_repositories());
    }
    return io::make_directories(files_, folder, 0700);
}

Result<void> MetadataCache::forget_other_repositories()
{
    for (const auto& folder : repositories()) {
        TRY_ASSIGN(const auto names, files_.list(folder));
        for (const auto& name : names) {
            TRY(files_.remove(folder / name));
        }
        TRY(files_.remove(folder));
    }
    return {};
}

Result<void> MetadataCache::forget_timestamp_and_snapshot()
{
    auto folders = repositories();
    folders.push_back(folder_);
    for (const auto& folder : folders) {
        if (files_.exists(folder)) {
            TRY(files_.remove(folder / cached_name("timestamp")));
            TRY(files_.remove(folder / cached_name("snapshot")));
            TRY(files_.flush_directory(folder));
        }
    }
    return {};
}

std::vector<std::string> MetadataCache::root_chain() const
{
    const auto file = files_.read(folder_ / chain_file, largest_chain);
    const std::string text = file.has_value() ? *file : "";
    std::vector<std::string> hashes;
    for (const auto& line : split(text, '\n')) {
        if (!line.empty()) {
            hashes.emplace_back(line);
        }
    }
    return hashes;
}

Result<void> MetadataCache::save_root_chain(const std::vector<std::string>& hashes)
{
    const auto first = hashes.size() - std::min(hashes.size(), most_in_chain);
    std::string text;
    for (auto i = first; i < hashes.size(); ++i) {
        text += hashes[i] + "\n";
    }
    return io::replace_file(files_, folder_ / chain_file, text);
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
