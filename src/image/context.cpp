#include "image/context.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <cstdio>
#include <sys/stat.h>

namespace holdfast::image {

namespace fs = std::filesystem;

Result<std::string> run_tool(Context& context, std::vector<std::string> arguments,
                             std::string input)
{
    return io::run_checked(context.system.processes,
                           {.arguments = std::move(arguments),
                            .input = std::move(input),
                            .environment = {{"SOURCE_DATE_EPOCH", context.source_date_epoch},
                                            {"LC_ALL", "C.UTF-8"},
                                            {"TZ", "UTC"}},
                            .time_limit = std::chrono::minutes{30}});
}

Step::Step(Context& context, std::string what)
    : context_(context), start_(context.system.clock.monotonic_now())
{
    std::fprintf(stderr, "  %-58s", what.c_str());
}

Step::~Step()
{
    const std::chrono::duration<double> taken = context_.system.clock.monotonic_now() - start_;
    std::fprintf(stderr, " %7.1f s\n", taken.count());
}

Key& Key::add(std::string_view part)
{
    // The length keeps "ab"+"c" apart from "a"+"bc".
    stream_.update(std::format("{}:", part.size()));
    stream_.update(part);
    return *this;
}

Key& Key::add(const std::vector<std::string>& parts)
{
    add(std::to_string(parts.size()));
    for (const auto& part : parts) {
        add(part);
    }
    return *this;
}

Key& Key::add_file(const fs::path& file)
{
    const auto hash = crypto::sha256_of_file(file);
    return add(hash.has_value() ? hash->hex() : "missing");
}

Key& Key::add_tree(const fs::path& folder)
{
    std::vector<fs::path> paths;
    std::error_code error;
    for (const auto& entry : fs::recursive_directory_iterator(folder, error)) {
        paths.push_back(entry.path());
    }
    std::ranges::sort(paths);
    for (const auto& path : paths) {
        add(path.lexically_relative(folder).native());
        if (fs::is_symlink(path)) {
            add(fs::read_symlink(path, error).native());
        } else if (fs::is_regular_file(path, error)) {
            add_file(path);
            add(std::to_string(static_cast<unsigned>(fs::status(path, error).permissions()) & 0100U));
        }
    }
    return *this;
}

std::string Key::hex()
{
    return stream_.finish().hex();
}

namespace {

fs::path key_file(const fs::path& file)
{
    return file.parent_path() / ".keys" / file.filename();
}

} // namespace

bool is_current(Context& context, const fs::path& file, const std::string& key)
{
    const auto stored = context.system.files.read(key_file(file));
    return context.system.files.exists(file) && stored.has_value() && *stored == key;
}

Result<void> mark_current(Context& context, const fs::path& file, const std::string& key)
{
    TRY(context.system.files.create_directories(key_file(file).parent_path(), 0755));
    return io::replace_file(context.system.files, key_file(file), key, 0644);
}

Result<void> mark_stale(Context& context, const fs::path& file)
{
    return context.system.files.remove(key_file(file));
}

fs::path stage_folder(const Context& context, std::string_view name)
{
    // All checkouts have one path, /src/holdfast; the number of a folder in it tells them apart.
    struct stat status {};
    ::stat(context.output.c_str(), &status);
    return context.cache / "stage" / std::format("{}-{:x}", name, status.st_ino);
}

std::string uuid_of(std::string_view text)
{
    auto hex = crypto::sha256(text).hex().substr(0, 32);
    hex[12] = '8';
    hex[16] = 'a';
    return std::format("{}-{}-{}-{}-{}", hex.substr(0, 8), hex.substr(8, 4), hex.substr(12, 4),
                       hex.substr(16, 4), hex.substr(20));
}

} // namespace holdfast::image
