#pragma once

#include "update/repository/layout.hpp"

#include <optional>
#include <set>

namespace holdfast::publish {

/// Sizes of the partitions that payloads go into, in bytes.
struct PartitionBytes {
    std::uint64_t boot = 0;
    std::uint64_t root = 0;
    std::uint64_t hash = 0;
};

/// A payload as a build's manifest describes it.
struct Payload {
    std::string name{}; ///< Of the file: "holdfast-metal-host-x86_64-1.2.0-1a2b3c4d-root.erofs"
    std::uint64_t size = 0;
    std::string sha256{};
    auto operator<=>(const Payload&) const = default;
};

/// A migration of settings that a build brings along, for machines that come from a version before
/// `version`.
struct Migration {
    Version version;
    std::string name{};
    std::string sha256{}; ///< Of what it does: another migration of the same name differs.
    auto operator<=>(const Migration&) const = default;
};

/// An image build: what out/<variant>/…-manifest.json says.
struct Build {
    Channel channel;
    Version version;
    Payload boot;
    Payload root;
    Payload hash;
    std::optional<Payload> blocks{}; ///< The block list, in builds that have one.
    PartitionBytes partitions{};     ///< Of machines that are imaged with it.
    std::set<Migration> migrations{};
    /// SHA-256 of the root of trust that the image carries; nothing where it carries none.
    std::optional<std::string> update_root{};

    std::vector<Payload> payloads() const;
};

/// Errors: `invalid` for text that is no manifest of a build, or one of a build that does not say
/// its partitions, migrations and root of trust; `not_found` where a payload is missing.
Result<Build> parse_build(std::string_view build_manifest);

/// The image must carry one of the repository's roots, given as text: machines that take it go on with
/// the root in it, and would take nothing more from here. Errors: `invalid`.
Result<void> check_trust(const Build& build, const std::vector<std::string>& roots);

/// What a channel offers.
struct Content {
    tuf::Targets targets;
    update::Manifest manifest;
};

struct AddOptions {
    /// Versions between whose settings store and this one's there is a migration, both ways.
    std::vector<Version> migrates_from{};
    update::Waves waves{};
};

/// Offers the build to machines; max_version of all becomes its version, unless it is higher already:
/// a version that machines are held back from stays out of reach. Its payloads become targets
/// with the custom data variant, arch, version, and `partition-bytes`: the size that machines which
/// were imaged with this version have. That of ROOT tells the build's migrations, too.
///
/// Errors: `invalid` where machines of the field could not take it: a version already offered, no
/// chain of migrations from a version that is or was offered, a migration of one build that a newer
/// one does not carry although machines may pass over the first, a payload larger than its partition,
/// now or on machines that were imaged with an older version, a version in between that machines are held
/// back from and that would be offered again.
Result<void> add_build(Content& content, const Build& build, const AddOptions& options);

/// Whether machines that read the manifest are offered the version.
bool offers(const update::Manifest& manifest, const Channel& channel, const Version& version);

/// `add_build` of a version that is in the content and that machines have not seen, as if it were not in it.
/// Errors: those of `add_build`; `conflict` where it waits with other payloads.
Result<void> add_waiting_build(Content& content, const Build& build, const AddOptions& options);

/// Errors of the following: `not_found` where the version is not offered.

/// Takes the version back. Machines are still at it, so its migrations stay, and what is added later
/// must fit them too.
Result<void> remove_version(Content& content, const Channel& channel,
                            const Version& version);
/// No machine has the version any more, nor partitions from when it was imaged with it: nothing need
/// fit those. The version may have been taken back before, or is now.
Result<void> retire_version(Content& content, const Channel& channel, const Version& version);
Result<void> set_waves(Content& content, const Channel& channel, const Version& version,
                       update::Waves waves);
/// Machines at a newer version go back to the newest that is allowed.
Result<void> set_max_version(Content& content, const Channel& channel,
                             const Version& version);

/// Puts the manifest among the targets. Its text, which belongs under that target's name.
Result<std::string> store_manifest(Content& content);

/// The first entry of `drafted` that `published` lacks and whose second wave has begun: once published, it
/// would go to most of the fleet at once. Null where there is none.
const update::Update* find_late_waves(const update::Manifest& drafted,
                                      const update::Manifest& published, tuf::Time now);

/// What must hold of all that is published: a sound manifest, all of whose images are targets of
/// this channel. Errors: `invalid`.
Result<void> check_content(const Content& content, const Channel& channel);

} // namespace holdfast::publish
