#include "update/repository/verify.hpp"

#include "update/manifest/selection.hpp"
#include "update/tuf/client.hpp"
#include "update/tuf/names.hpp"

#include <algorithm>
#include <ranges>

namespace holdfast::publish {

namespace {

/// A new machine's client, with the repository's metadata.
Result<tuf::Client> open_client(io::HttpClient& http, io::Files& files, io::Clock& clock,
                                const Channel& channel, const VerifyOptions& options)
{
    TRY(files.create_directories(options.scratch));
    TRY_ASSIGN(
        auto client,
        tuf::Client::open(http, files, clock,
                          {.metadata_dir = options.scratch,
                           .metadata_url = tuf::join_url(options.url, "metadata/" + channel.str()),
                           .targets_url = tuf::join_url(options.url, "targets"),
                           .shipped_root = options.first_root}));
    TRY(client.refresh());
    return client;
}

/// Before everything: nothing has expired.
class EarlyClock final : public io::Clock {
public:
    std::chrono::system_clock::time_point now() override { return {}; }
    std::chrono::steady_clock::time_point monotonic_now() override { return {}; }
    void sleep(std::chrono::nanoseconds) override {}
};

Result<std::string> fetch_text(tuf::Client& client, const tuf::Target& target)
{
    std::string text;
    TRY(client.fetch_target(target, [&text](std::span<const std::byte> bytes) -> Result<void> {
        text.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        return {};
    }));
    return text;
}

/// Every version must lead to every other one: machines are anywhere, and may be sent back.
Result<void> check_migrations(const update::Manifest& manifest)
{
    for (const auto& from : manifest.updates) {
        for (const auto& to : manifest.updates) {
            TRY(update::migration_path(manifest.migrations, from.version, to.version));
        }
    }
    return {};
}

} // namespace

Result<Verified> verify_channel(io::HttpClient& http, io::Files& files, io::Clock& clock,
                                const Channel& channel, const VerifyOptions& options)
{
    TRY_ASSIGN(auto client, open_client(http, files, clock, channel, options));
    Verified verified;
    verified.earliest_expiry = std::ranges::min(client.expirations() | std::views::values);
    Content content;
    for (const auto& name : client.target_names()) {
        TRY_ASSIGN(const auto target, client.find_target(name));
        verified.target_bytes += target.length;
        content.targets.targets[name] = target;
        if (name == update::manifest_target) {
            TRY_ASSIGN(const auto text, fetch_text(client, target));
            TRY_ASSIGN(content.manifest, update::parse_manifest(text));
        } else {
            TRY(client.fetch_target(target, [](auto) -> Result<void> { return {}; }));
        }
    }
    TRY(check_content(content, channel));
    TRY(check_migrations(content.manifest));
    std::ranges::sort(content.manifest.updates, {}, &update::Update::version);
    for (const auto& entry : content.manifest.updates) {
        verified.versions.push_back(entry.version.str());
    }
    return verified;
}

Result<std::map<std::string, tuf::Time>> find_expirations(io::HttpClient& http, io::Files& files,
                                                          const Channel& channel,
                                                          const VerifyOptions& options)
{
    EarlyClock clock;
    TRY_ASSIGN(const auto client, open_client(http, files, clock, channel, options));
    return client.expirations();
}

} // namespace holdfast::publish
