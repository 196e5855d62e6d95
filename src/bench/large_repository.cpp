#include "bench/large_repository.hpp"

#include "update/tuf/testing/test_repository.hpp"

#include <chrono>
#include <format>

namespace holdfast::bench {

namespace {

constexpr tuf::Time far_away = std::chrono::sys_days(std::chrono::year(2100) / 1 / 1);

} // namespace

Result<void> make_large_repository(io::Files& files, const std::filesystem::path& folder)
{
    tuf::TestRepository repository;
    for (int number = 0; number < large_repository_targets; ++number) {
        repository.add_target(
            std::format("holdfast-metal-dev-x86_64-1.{}.0-0123abcd-root.erofs", number),
            std::format("release {}", number));
    }
    repository.root.expires = repository.timestamp.expires = far_away;
    repository.snapshot.expires = repository.targets.expires = far_away;
    repository.announces_hashes = true;
    repository.http.files.clear();
    repository.publish_root();
    repository.publish_next();
    TRY(files.create_directories(folder));
    for (const auto& [url, bytes] : repository.http.files) {
        const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        TRY(io::replace_file(files, folder / std::filesystem::path(url).filename(), text));
    }
    return {};
}

} // namespace holdfast::bench
