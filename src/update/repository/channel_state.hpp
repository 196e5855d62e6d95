#pragma once

#include "io/files.hpp"
#include "update/repository/content.hpp"
#include "update/tuf/document.hpp"

#include <optional>

namespace holdfast::publish {

/// A document with its text, as it lies on the disk.
template <typename Part>
struct Stored {
    std::string text;
    tuf::Document document;
    Part part;
};

/// Whether the document says the same as the published one, in all but its version.
template <typename Part>
bool says_nothing_new(const Stored<Part>& draft, const std::optional<Stored<Part>>& published)
{
    if (!published) {
        return false;
    }
    auto before = published->document.signed_part();
    before["version"] = draft.part.version;
    return before == draft.document.signed_part();
}

/// The three documents of a channel below its root. Missing ones: nothing was published or drafted.
struct Documents {
    std::optional<Stored<tuf::Targets>> targets;
    std::optional<Stored<tuf::Snapshot>> snapshot;
    std::optional<Stored<tuf::Timestamp>> timestamp;
};

/// The channels that have metadata or drafts, sorted.
Result<std::vector<Channel>> list_channels(io::Files& files, const Layout& layout);

/// Whether machines see anything of the channel yet.
bool is_published(io::Files& files, const Layout& layout, const Channel& channel);

/// What machines see now. Not verified: `publish` and `verify` do that.
Result<Documents> load_published(io::Files& files, const Layout& layout, const Channel& channel);

/// What waits for signatures. Drafts that a power cut left behind after they were published are
/// passed over.
Result<Documents> load_drafts(io::Files& files, const Layout& layout, const Channel& channel,
                              const Documents& published);

/// The channel's content as drafted, or else as published, or else empty.
Result<Content> load_content(io::Files& files, const Layout& layout, const Channel& channel);

/// The manifest among these targets; an empty one where they have none.
Result<update::Manifest> load_manifest(io::Files& files, const Layout& layout,
                                       const tuf::Targets& targets);

/// The version of a document that follows the one of version `previous`, 0 for none: the seconds since
/// 1970, or one more than before. So a repository that is restored from a backup, or begun anew with the
/// same keys, is ahead of what machines remember of it, not behind. Not for roots, whose versions have
/// no gaps.
tuf::Version next_version(tuf::Version previous, tuf::Time now);

/// Stores the manifest and drafts the content as the next version, unsigned.
Result<void> draft_content(io::Files& files, const Layout& layout, const Channel& channel,
                           Content content, tuf::Time now, std::chrono::seconds lifetime);

/// Puts a payload or the manifest where web servers offer it. Nothing refers to it yet.
Result<void> store_target(io::Files& files, const Layout& layout, const tuf::Target& target,
                          std::string_view content);

/// `replace_file` with the folders above.
Result<void> store_file(io::Files& files, const std::filesystem::path& path,
                        std::string_view content);

} // namespace holdfast::publish
