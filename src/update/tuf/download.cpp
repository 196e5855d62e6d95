#include "update/tuf/download.hpp"

#include "base/text.hpp"
#include "update/tuf/target_verifier.hpp"

namespace holdfast::tuf {

namespace {

bool is_intact(io::Files& files, const std::filesystem::path& path, const Target& target)
{
    const auto content = files.read(path, target.length);
    auto verifier = TargetVerifier::create(target);
    if (!content.has_value() || !verifier.has_value()) {
        return false;
    }
    verifier->update(std::as_bytes(std::span(*content)));
    return verifier->finish().has_value();
}

Result<void> fetch_into(Client& client, io::Files& files, const Target& target,
                        const std::filesystem::path& draft)
{
    // One may be left from a power cut.
    TRY(files.remove(draft));
    TRY_ASSIGN(const auto file, files.create(draft));
    TRY(client.fetch_target(target, [&file](std::span<const std::byte> bytes) {
        return file->write_all({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    }));
    return file->flush();
}

} // namespace

Result<void> download(Client& client, io::Files& files, std::string_view target_name,
                      const std::filesystem::path& folder)
{
    TRY_ASSIGN(const auto target, client.find_target(target_name));
    const auto path = folder / percent_encoded(target.name);
    if (is_intact(files, path, target)) {
        return {};
    }
    TRY(files.create_directories(folder));
    auto draft = path;
    draft += ".part";
    auto fetched = fetch_into(client, files, target, draft);
    if (!fetched.has_value()) {
        // Best effort: the failure to report is the fetch's.
        static_cast<void>(files.remove(draft).has_value());
        return fetched;
    }
    TRY(files.rename(draft, path));
    return files.flush_directory(folder);
}

} // namespace holdfast::tuf
