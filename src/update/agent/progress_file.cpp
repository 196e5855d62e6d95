#include "update/agent/progress_file.hpp"

namespace holdfast::update {

namespace {

constexpr auto pause = std::chrono::milliseconds(500);

} // namespace

void ProgressFile::report(const InstallProgress& progress)
{
    const auto now = clock_.monotonic_now();
    if (last_ && now - *last_ < pause && progress.done < progress.total) {
        return;
    }
    last_ = now;
    const auto passed = std::chrono::duration_cast<std::chrono::milliseconds>(now - start_);
    const auto milliseconds = static_cast<std::uint64_t>(std::max<std::int64_t>(passed.count(), 1));
    const ProgressReport told{
        .bytes = progress.done,
        .total = progress.total,
        .percent = progress.total == 0 ? 100 : progress.done * 100 / progress.total,
        .rate = progress.wire * 1000 / milliseconds};
    const std::filesystem::path path = progress_path;
    if (files_.create_directories(path.parent_path()).has_value()) {
        const auto written = io::replace_file(files_, path, to_text(to_json(told)) + "\n");
        static_cast<void>(written);
    }
}

} // namespace holdfast::update
