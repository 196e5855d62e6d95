#pragma once

#include "update/repository/publish.hpp"

#include <set>

namespace holdfast::publish {

/// The root that machines know, and the one that is to follow.
struct Roots {
    tuf::Root current;
    std::optional<tuf::Root> next;
    bool has_expired = false; ///< The current one: machines take nothing before the next.
};

/// Signatures of one channel's documents, step by step. What is passed in must outlive this.
class ChannelWork {
public:
    ChannelWork(io::Files& files, tuf::Time now, const Layout& layout, const KeyRing& keys,
                const PublishOptions& options, const Roots& roots, Channel channel);

    /// Whether anything new was made complete; `waiting` gets what could not be. What waits does
    /// not hold up what is complete without it: a timestamp is renewed while people sign targets.
    ///
    /// A root that waits holds nothing up either: what is new for machines is complete when it
    /// holds by the root that they know. What is published and does not hold by the next root is
    /// drafted once more, with nothing new in it, and that draft is complete when it holds by both.
    /// So each time something was written, there is more to complete.
    Result<bool> complete(std::vector<Waiting>& waiting);

    /// Writes what `complete` completed where machines look, the timestamp last, after reading it
    /// as a machine does that knows these roots.
    Result<void> write(const std::vector<std::string>& roots);

private:
    template <typename Part>
    void set_aside(const std::string& role, std::optional<Stored<Part>>& draft);
    template <typename Part>
    bool has_any(std::optional<Stored<Part>> Documents::* part) const;
    template <typename Part>
    const Stored<Part>& newest(std::optional<Stored<Part>> Documents::* part) const;
    template <typename Part>
    Result<void> write_versioned(const std::filesystem::path& folder, std::string_view role,
                                 const std::optional<Stored<Part>>& draft);
    template <typename Part>
    Result<bool> complete_part(std::string_view role, std::optional<Stored<Part>>& draft,
                               const std::optional<Stored<Part>>& published,
                               std::vector<Waiting>& waiting);

    template <typename Part>
    Result<void> draft_for_next_root(std::string_view role, std::optional<Stored<Part>>& draft,
                                     const std::optional<Stored<Part>>& published,
                                     Json (*encode)(const Part&), std::chrono::seconds lifetime);

    std::vector<const tuf::Root*> all_roots() const;
    template <typename Part>
    Result<void> check_signed(std::string_view role, const Stored<Part>& draft,
                              const std::optional<Stored<Part>>& published) const;
    Result<std::optional<Waiting>> find_late_waves() const;
    Result<void> draft_snapshot();
    Result<void> draft_timestamp();
    Result<void> store_draft(std::string_view role, const std::string& text);
    Result<void> remove_drafts();

    io::Files& files_;
    tuf::Time now_;
    const Layout& layout_;
    const KeyRing& keys_;
    const PublishOptions& options_;
    const Roots& roots_;
    Channel channel_;
    Documents published_;
    Documents drafts_;
    std::set<std::string> aside_; ///< Roles whose drafts go on waiting.
};

} // namespace holdfast::publish
