#include "update/repository/draft_build.hpp"

#include "update/tuf/encode.hpp"

namespace holdfast::publish {

namespace {

/// Whether machines can see the version.
Result<bool> is_seen(io::Files& files, const Layout& layout, const Build& build,
                     const Documents& published)
{
    if (!published.targets) {
        return false;
    }
    TRY_ASSIGN(const auto manifest, load_manifest(files, layout, published.targets->part));
    return offers(manifest, build.channel, build.version);
}

} // namespace

Result<void> draft_build(io::Files& files, const Layout& layout, const Build& build,
                         const AddOptions& options, const ReadPayload& read, tuf::Time now,
                         std::chrono::seconds lifetime)
{
    TRY_ASSIGN(const auto published, load_published(files, layout, build.channel));
    TRY_ASSIGN(const auto drafts, load_drafts(files, layout, build.channel, published));
    TRY_ASSIGN(auto content, load_content(files, layout, build.channel));
    TRY_ASSIGN(const bool seen, is_seen(files, layout, build, published));
    const bool waits = !seen && offers(content.manifest, build.channel, build.version);
    TRY(waits ? add_waiting_build(content, build, options) : add_build(content, build, options));
    for (const auto& payload : build.payloads()) {
        TRY_ASSIGN(const auto bytes, read(payload));
        TRY(store_target(files, layout, content.targets.targets.at(payload.name), bytes));
    }
    TRY(store_manifest(content));
    if (waits && drafts.targets->part.expires >= now + lifetime / 2 &&
        tuf::write_targets(content.targets) == drafts.targets->document.signed_part()) {
        return {};
    }
    return draft_content(files, layout, build.channel, std::move(content), now, lifetime);
}

} // namespace holdfast::publish
