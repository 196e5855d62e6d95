#include "io/files.hpp"

namespace holdfast::io {

namespace {

Result<void> write_draft(Files& files, const std::filesystem::path& draft,
                         std::string_view content, Mode mode)
{
    // One may be left from a power cut.
    TRY(files.remove(draft));
    TRY_ASSIGN(auto file, files.create(draft, mode));
    TRY(file->write_all(content));
    // Bytes before name: otherwise a power cut can leave the new name pointing at an empty file.
    return file->flush();
}

} // namespace

Result<void> replace_file(Files& files, const std::filesystem::path& path,
                          std::string_view content, Mode mode)
{
    auto draft = path;
    draft += ".new";

    auto replaced = write_draft(files, draft, content, mode);
    if (replaced.has_value()) {
        replaced = files.rename(draft, path);
    }
    if (!replaced.has_value()) {
        // On a full disk a half of a draft would leave no room for whatever else has to be kept.
        static_cast<void>(files.remove(draft).has_value());
        return replaced;
    }
    return files.flush_directory(path.parent_path());
}

Result<void> rewrite_file(Files& files, const std::filesystem::path& path, std::string_view lines,
                          Mode mode)
{
    auto rewritten = files.overwrite(path, lines);
    if (!rewritten.has_value() && rewritten.error().code() == Errc::not_found) {
        return replace_file(files, path, lines, mode);
    }
    return rewritten;
}

Result<void> make_directories(Files& files, const std::filesystem::path& path, Mode mode)
{
    std::vector<std::filesystem::path> parents;
    for (auto missing = path; !files.exists(missing); missing = missing.parent_path()) {
        // Of an outside that answers nothing (power is off), not even `/` exists.
        if (missing == missing.parent_path()) {
            break;
        }
        parents.push_back(missing.parent_path());
    }
    TRY(files.create_directories(path, mode));
    for (const auto& parent : parents) {
        TRY(files.flush_directory(parent));
    }
    return {};
}

} // namespace holdfast::io
