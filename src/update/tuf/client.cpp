#include "update/tuf/client.hpp"

#include "crypto/sha256.hpp"
#include "update/tuf/names.hpp"
#include "update/tuf/rules.hpp"
#include "update/tuf/target_search.hpp"
#include "update/tuf/target_verifier.hpp"

#include <algorithm>

namespace holdfast::tuf {

namespace {

/// More new roots in one refresh are an attack.
constexpr int most_root_updates = 1024;

Time time_of(io::Clock& clock, const MetadataCache& cache)
{
    const auto now = std::chrono::floor<std::chrono::seconds>(clock.now());
    return std::max(now, cache.latest_known_time());
}

/// A URL is no name of a folder; 64 bits of its hash are.
std::string repository_folder(const ClientOptions& options)
{
    return options.keeps_repositories_apart
               ? crypto::sha256(options.metadata_url).hex().substr(0, 16)
               : "";
}

std::string hash_of(std::string_view root)
{
    return crypto::sha256(root).hex();
}

/// Where a client begins: a root, and its text where the cache does not hold it.
struct Beginning {
    TrustedMetadata trusted;
    std::vector<std::string> chain; ///< As MetadataCache::root_chain; empty where no root was shipped.
    bool knows_chain = false;       ///< That stands in the cache; else it is the root alone.
    std::optional<std::string> unsaved_root{};
    bool has_rotated = false; ///< The rest of the cache may be of keys that this root took away.
};

Result<Beginning> begin_with_cache(const MetadataCache& cache, Time now)
{
    const auto text = cache.load("root", largest_root);
    if (!text) {
        return fail(Errc::not_found, "no root metadata to begin with");
    }
    TRY_ASSIGN(auto trusted, TrustedMetadata::start(*text, now).while_("the cached root.json"));
    auto chain = cache.root_chain();
    const bool knows_chain = std::ranges::contains(chain, hash_of(*text));
    if (!knows_chain) {
        chain = {hash_of(*text)};
    }
    return Beginning{std::move(trusted), std::move(chain), knows_chain};
}

/// The cached root, if the shipped one is of those that have led to it; so an older system that runs
/// again brings back no keys that were taken away. Else the shipped one: it is newer, or the system's
/// publisher sends the machine to other keys, whatever version these have come to.
Beginning choose(Beginning cached, TrustedMetadata shipped, const std::string& text)
{
    const auto hash = hash_of(text);
    const bool is_newer = shipped.root().version > cached.trusted.root().version;
    if (!is_newer && !cached.knows_chain && !std::ranges::contains(cached.chain, hash)) {
        cached.chain.insert(cached.chain.begin(), hash); // The list is lost: it will have been so.
    }
    if (!is_newer && std::ranges::contains(cached.chain, hash)) {
        return cached;
    }
    const bool has_rotated = !is_newer || has_lost_online_key(cached.trusted.root(), shipped.root());
    auto chain = is_newer ? std::move(cached.chain) : std::vector<std::string>();
    chain.push_back(hash);
    return {std::move(shipped), std::move(chain), true, text, has_rotated};
}

Result<Beginning> begin(io::Files& files, const MetadataCache& cache,
                        const std::filesystem::path& shipped, Time now)
{
    auto cached = begin_with_cache(cache, now);
    const auto text =
        shipped.empty() ? Result<std::string>(std::string()) : files.read(shipped, largest_root);
    auto start = text.has_value() ? TrustedMetadata::start(*text, now)
                                  : Result<TrustedMetadata>(Failure{text.error()});
    if (!start.has_value()) {
        if (cached.has_value()) {
            cached->chain.clear(); // There is nothing to be compared with it.
        }
        return cached;
    }
    if (!cached.has_value()) {
        return Beginning{*std::move(start), {hash_of(*text)}, true, *text};
    }
    return choose(*std::move(cached), *std::move(start), *text);
}

} // namespace

Client::Client(io::HttpClient& http, io::Clock& clock, MetadataCache cache, ClientOptions options,
               TrustedMetadata trusted)
    : http_(http), clock_(clock), cache_(std::move(cache)), options_(std::move(options)),
      trusted_(std::move(trusted))
{
}

Result<Client> Client::open(io::HttpClient& http, io::Files& files, io::Clock& clock,
                            ClientOptions options)
{
    MetadataCache cache(files, options.metadata_dir, repository_folder(options));
    TRY_ASSIGN(auto beginning, begin(files, cache, options.shipped_root, time_of(clock, cache)));
    Client client(http, clock, std::move(cache), std::move(options), std::move(beginning.trusted));
    client.root_chain_ = std::move(beginning.chain);
    client.unsaved_root_ = std::move(beginning.unsaved_root);
    client.forgets_for_unsaved_root_ = beginning.has_rotated;
    return client;
}

Result<void> Client::refresh()
{
    targets_.reset();
    const auto now = time_of(clock_, cache_);
    trusted_.set_time(now);
    TRY(refresh_root());
    TRY(refresh_timestamp().while_("timestamp.json"));
    TRY(refresh_snapshot().while_("snapshot.json"));
    TRY_ASSIGN(targets_, load_targets("targets", trusted_.root().targets, trusted_.root().keys));
    // Only now: a clock that is wrong by years finds everything expired, and leaves no trace.
    return cache_.save_latest_known_time(now);
}

Result<void> Client::refresh_root()
{
    if (unsaved_root_) {
        if (forgets_for_unsaved_root_) {
            TRY(cache_.forget_timestamp_and_snapshot());
        }
        TRY(cache_.save("root", *unsaved_root_));
        unsaved_root_.reset();
    }
    // After the root: a chain without it is taken for lost, whatever was cut.
    if (!root_chain_.empty() && cache_.root_chain() != root_chain_) {
        TRY(cache_.save_root_chain(root_chain_));
    }
    for (int updates = 0; updates < most_root_updates; ++updates) {
        const auto version = trusted_.root().version + 1;
        const auto text = fetch_metadata("root", version, largest_root);
        if (!text.has_value() && text.error().code() == Errc::not_found) {
            break;
        }
        const auto name = published_name("root", version);
        TRY(text);
        TRY(trusted_.take_root(*text).while_(name));
        // Before the new root is kept: after a power cut nobody would know any more that keys
        // went, and a version number that their thief had set would stand for ever.
        if (trusted_.has_rotated()) {
            TRY(cache_.forget_timestamp_and_snapshot());
        }
        // Before the root, which is one of a chain then wherever the power goes.
        if (!root_chain_.empty()) {
            root_chain_.push_back(hash_of(*text));
            TRY(cache_.save_root_chain(root_chain_));
        }
        TRY(cache_.save("root", *text));
    }
    return trusted_.finish_roots().while_("root.json");
}

Result<void> Client::refresh_timestamp()
{
    if (const auto cached = cache_.load("timestamp", largest_timestamp)) {
        // One that does not verify (any more) is as good as none.
        const auto recalled = trusted_.recall_timestamp(*cached);
        static_cast<void>(recalled.has_value());
    }
    TRY_ASSIGN(const auto text, fetch_metadata("timestamp", std::nullopt, largest_timestamp));
    TRY_ASSIGN(const auto outcome, trusted_.take_timestamp(text));
    if (outcome == TrustedMetadata::Outcome::unchanged) {
        return trusted_.check_timestamp_fresh();
    }
    return cache_.save("timestamp", text);
}

Result<void> Client::refresh_snapshot()
{
    const auto& announced = trusted_.timestamp().snapshot;
    // Not by the announced length: the one before may have been longer, and tells what goes back.
    const auto cached = cache_.load("snapshot", largest_snapshot);
    if (cached && trusted_.recall_snapshot(*cached).has_value() &&
        trusted_.has_current_snapshot(*cached)) {
        return trusted_.check_snapshot_fresh();
    }
    const auto limit =
        std::min<std::size_t>(announced.length.value_or(largest_snapshot), largest_snapshot);
    TRY_ASSIGN(const auto text, fetch_metadata("snapshot", in_name(announced.version), limit));
    TRY(trusted_.take_snapshot(text));
    return cache_.save("snapshot", text);
}

Result<Targets> Client::load_targets(std::string_view role, const Signers& signers,
                                     const Keys& keys)
{
    const auto name = cached_name(role);
    TRY_ASSIGN(const auto announced, trusted_.meta_of(role).while_(name));
    const auto limit =
        std::min<std::size_t>(announced.length.value_or(largest_targets), largest_targets);
    if (const auto cached = cache_.load(role, limit)) {
        auto targets = trusted_.check_targets(role, signers, keys, *cached);
        if (targets.has_value()) {
            return targets;
        }
    }
    TRY_ASSIGN(const auto text,
               fetch_metadata(role, in_name(announced.version), limit).while_(name));
    TRY_ASSIGN(auto targets, trusted_.check_targets(role, signers, keys, text).while_(name));
    TRY(cache_.save(role, text));
    return targets;
}

Result<Target> Client::find_target(std::string_view name)
{
    if (!targets_) {
        TRY(refresh());
    }
    return search_target(name, *targets_, [this](const Delegation& delegation, const Keys& keys) {
        return load_targets(delegation.role, delegation.signers, keys);
    });
}

std::vector<std::string> Client::target_names() const
{
    check(targets_.has_value(), "refreshed");
    std::vector<std::string> names;
    for (const auto& [name, target] : targets_->targets) {
        names.push_back(name);
    }
    return names;
}

Result<std::string> Client::target_url(const Target& target) const
{
    TRY_ASSIGN(const auto path, published_target(target, trusted_.root().consistent_snapshot));
    return with_query(join_url(options_.targets_url, path));
}

std::map<std::string, Time> Client::expirations() const
{
    check(targets_.has_value(), "refreshed");
    return {{"root.json", trusted_.root().expires},
            {"timestamp.json", trusted_.timestamp().expires},
            {"snapshot.json", trusted_.snapshot().expires},
            {"targets.json", targets_->expires}};
}

Result<void> Client::fetch_target(const Target& target, const io::ByteSink& sink)
{
    TRY_ASSIGN(auto verifier, TargetVerifier::create(target));
    TRY_ASSIGN(const auto url, target_url(target));
    const io::HttpFetch request{
        .url = url, .most_bytes = target.length, .deadline = io::fetch_deadline(target.length)};
    TRY(http_.fetch(request, [&](std::span<const std::byte> bytes) -> Result<void> {
        verifier.update(bytes);
        return sink(bytes);
    }));
    return verifier.finish();
}

Result<std::string> Client::fetch_metadata(std::string_view role, std::optional<Version> version,
                                           std::size_t limit)
{
    std::string text;
    const auto url = join_url(options_.metadata_url, published_name(role, version));
    const io::HttpFetch request{
        .url = with_query(url), .most_bytes = limit, .deadline = options_.metadata_deadline};
    TRY(http_.fetch(request, [&text](std::span<const std::byte> bytes) -> Result<void> {
        text.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        return {};
    }));
    return text;
}

std::optional<Version> Client::in_name(Version version) const
{
    return trusted_.root().consistent_snapshot ? std::optional(version) : std::nullopt;
}

std::string Client::with_query(std::string url) const
{
    if (!options_.query.empty() && url.starts_with("http")) {
        url += "?" + options_.query;
    }
    return url;
}

Result<void> initialize(io::Files& files, const std::filesystem::path& metadata_dir,
                        std::string_view root)
{
    TRY(TrustedMetadata::start(root, Time{}).while_("the root file"));
    MetadataCache cache(files, metadata_dir);
    TRY(cache.save("root", root));
    TRY(cache.save_root_chain({hash_of(root)}));
    return io::replace_file(files, metadata_dir / initial_root_name, root);
}

} // namespace holdfast::tuf
