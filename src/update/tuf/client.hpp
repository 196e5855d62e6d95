#pragma once

#include "io/clock.hpp"
#include "io/files.hpp"
#include "io/http_client.hpp"
#include "update/tuf/metadata_cache.hpp"
#include "update/tuf/trusted_metadata.hpp"

namespace holdfast::tuf {

struct ClientOptions {
    std::filesystem::path metadata_dir; ///< Kept between runs; it holds what is trusted.
    /// Whether repositories at several URLs share the root, such as one for trying out and one for
    /// use: the versions that one of them has reached then say nothing about another.
    bool keeps_repositories_apart = false;
    std::string metadata_url;           ///< The folder with the metadata: http, https or file.
    std::string targets_url;            ///< The folder with the targets.
    /// A root that came with the system. Used where it is newer than the one in `metadata_dir`, or
    /// where that one is missing or broken. Empty: there is none.
    std::filesystem::path shipped_root{};
    std::string query{}; ///< Appended to each http URL after `?`, already encoded. May be empty.
    std::chrono::milliseconds metadata_deadline{std::chrono::seconds(30)}; ///< Per document.
};

/// A client of one repository: The Update Framework specification 1.0.x, §5.
///
/// What it trusts lies in `metadata_dir` and survives power cuts; a broken file there is fetched
/// anew. Time is that of the clock, but never earlier than the latest time at which a refresh
/// succeeded, so a clock set back does not revive expired metadata.
///
/// Errors of all operations: `corrupt` where the repository's metadata or a target fails a check;
/// those of `HttpClient::fetch` and `io::Files`. Messages name the document.
class Client {
public:
    /// Fetches nothing. Precondition: the seams outlive the client.
    /// Errors: `not_found` where there is no root to begin with; `corrupt` where none verifies.
    static Result<Client> open(io::HttpClient& http, io::Files& files, io::Clock& clock,
                               ClientOptions options);

    /// Brings root, timestamp, snapshot and targets up to date. Once per client is the rule; a
    /// second call does it again.
    Result<void> refresh();

    /// Looks through the targets and the roles that they delegate to; refreshes first where that
    /// was not done. Errors: `not_found`.
    Result<Target> find_target(std::string_view name);

    /// Names of the targets that the top-level role lists itself. Precondition: refreshed.
    std::vector<std::string> target_names() const;

    /// Streams the target to `sink`. The bytes are verified only when this succeeds: until then the
    /// sink must not use them. No more than `target.length` bytes ever come,
    /// within `io::fetch_deadline`.
    Result<void> fetch_target(const Target& target, const io::ByteSink& sink);

    /// Where the target lies, for fetching ranges of it. The bytes are the caller's to verify.
    Result<std::string> target_url(const Target& target) const;

    /// The query of all further requests, without `?`.
    void set_query(std::string query) { options_.query = std::move(query); }

    const Root& root() const { return trusted_.root(); }
    /// When each of the four top-level documents expires, by its name. Precondition: refreshed.
    std::map<std::string, Time> expirations() const;

private:
    Client(io::HttpClient& http, io::Clock& clock, MetadataCache cache, ClientOptions options,
           TrustedMetadata trusted);

    Result<void> refresh_root();
    Result<void> refresh_timestamp();
    Result<void> refresh_snapshot();
    /// The role's document: the cached one where it is still good, else from the repository.
    Result<Targets> load_targets(std::string_view role, const Signers& signers, const Keys& keys);

    Result<std::string> fetch_metadata(std::string_view role, std::optional<Version> version,
                                       std::size_t limit);
    /// The version where it is part of published names, else nothing.
    std::optional<Version> in_name(Version version) const;
    std::string with_query(std::string url) const;

    io::HttpClient& http_;
    io::Clock& clock_;
    MetadataCache cache_;
    ClientOptions options_;
    TrustedMetadata trusted_;
    std::optional<std::string> unsaved_root_; ///< A shipped root that the cache shall hold.
    bool forgets_for_unsaved_root_ = false;   ///< Timestamp and snapshot are of the time before it.
    std::vector<std::string> root_chain_;     ///< As MetadataCache; empty where no root was shipped.
    std::optional<Targets> targets_;          ///< Set by `refresh`.
};

/// Puts a root into an empty or new `metadata_dir`, after checking that it is one. It is kept a
/// second time, as `initial-root`, for use as `ClientOptions::shipped_root`.
Result<void> initialize(io::Files& files, const std::filesystem::path& metadata_dir,
                        std::string_view root);
inline constexpr auto initial_root_name = "initial-root";

} // namespace holdfast::tuf
