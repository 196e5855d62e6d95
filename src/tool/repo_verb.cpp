#include "base/text.hpp"
#include "base/utc_time.hpp"
#include "io/curl/curl_http_client.hpp"
#include "io/posix/posix_file_locks.hpp"
#include "tool/repo_keys.hpp"
#include "tool/repo_serve.hpp"
#include "tool/verbs.hpp"
#include "update/repository/abandon.hpp"
#include "update/repository/draft_build.hpp"
#include "update/repository/expiration.hpp"
#include "update/repository/lock.hpp"
#include "update/repository/prune.hpp"
#include "update/repository/release_config.hpp"
#include "update/repository/verify.hpp"
#include "update/tuf/names.hpp"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <format>
#include <utility>

namespace holdfast::tool {

namespace fs = std::filesystem;

namespace {

/// Largest payload that is read: one partition of a variant that is far larger than ours.
constexpr std::size_t largest_payload = std::size_t{4} << 30;

/// A new folder, removed with all that is in it at the end.
class ScratchFolder {
public:
    static Result<ScratchFolder> create()
    {
        std::string name = fs::temp_directory_path() / "holdfast-repo-XXXXXX";
        if (::mkdtemp(name.data()) == nullptr) {
            return fail_errno("making a temporary folder", errno);
        }
        return ScratchFolder(name);
    }
    ~ScratchFolder()
    {
        std::error_code error;
        if (!path_.empty()) {
            fs::remove_all(path_, error);
        }
    }
    ScratchFolder(ScratchFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
    ScratchFolder& operator=(ScratchFolder&&) = delete;
    const fs::path& path() const { return path_; }

private:
    explicit ScratchFolder(fs::path path) : path_(std::move(path)) {}
    fs::path path_;
};

/// One run of `./holdfast repo`.
class RepoRun {
public:
    RepoRun(io::System& system, RepoOptions options)
        : system_(system), options_(std::move(options)),
          layout_(options_.repository.empty() ? fs::path(checkout) / "out/repository"
                                              : user_path(system, options_.repository)),
          channel_{.variant = options_.variant, .arch = options_.arch}
    {
    }

    Result<int> run()
    {
        TRY(read_policy());
        if (options_.verb == "verify") {
            return verify();
        }
        if (options_.verb == "check-expirations") {
            return check_expirations();
        }
        if (options_.verb == "serve") {
            return serve_folder(layout_.folder(), options_.port);
        }
        if (options_.verb == "init") {
            TRY(io::make_directories(system_.files, layout_.folder()));
        }
        io::PosixFileLocks locks;
        TRY_ASSIGN(const auto lock, publish::lock_repository(locks, system_.files, system_.clock, layout_));
        if (options_.verb == "prune") {
            return prune();
        }
        if (options_.verb == "abandon") {
            return abandon();
        }
        // Before anything is drafted: without one that was named, it would be left waiting.
        TRY_ASSIGN(auto keys, load_keys(system_, options_));
        TRY(draft());
        if (options_.verb == "init") {
            TRY(keys_folder(system_, options_).load_into(keys)); // It has made some.
        }
        return publish_drafts(keys);
    }

private:
    Result<void> read_policy()
    {
        if (!options_.expiration_policy.empty()) {
            TRY_ASSIGN(const auto text,
                       system_.files.read(user_path(system_, options_.expiration_policy)));
            TRY_ASSIGN(publish_options_.expiration,
                       publish::parse_expiration_policy(text).while_(options_.expiration_policy));
        }
        if (!options_.shipped_root.empty()) {
            publish_options_.shipped_root = user_path(system_, options_.shipped_root);
        }
        if (options_.waves_as_they_are) {
            publish_options_.late_waves = publish::LateWaves::are_taken;
        }
        return {};
    }

    /// What the verb changes, unsigned.
    Result<void> draft()
    {
        if (options_.verb == "init") {
            return init();
        }
        if (options_.verb == "add") {
            return add();
        }
        if (options_.verb == "refresh") {
            return refresh();
        }
        if (options_.verb == "rotate-root") {
            return rotate_root();
        }
        if (options_.verb == "sign") {
            return {};
        }
        return change_content();
    }

    std::chrono::sys_seconds now()
    {
        return std::chrono::floor<std::chrono::seconds>(system_.clock.now());
    }

    Result<void> init()
    {
        const auto folder = keys_folder(system_, options_);
        TRY_ASSIGN(const auto beginning,
                   publish::find_beginning(system_.files, layout_, folder));
        TRY(check_key_options(beginning, folder));
        switch (beginning) {
        case publish::Beginning::made_already: return {};
        case publish::Beginning::from_kept_root:
            return publish::begin_with_kept_root(system_.files, layout_, folder);
        case publish::Beginning::with_new_root: break;
        }
        TRY_ASSIGN(const auto keys, make_root_keys(system_, options_));
        TRY_ASSIGN(const auto root,
                   publish::make_root(keys, now() + publish_options_.expiration.root));
        return publish::save_root_draft(system_.files, layout_, root);
    }

    /// Keys that were asked for and would not be used are no small thing to pass over.
    Result<void> check_key_options(publish::Beginning beginning, const publish::KeysFolder& folder)
    {
        if (!options_.asks_for_keys || beginning == publish::Beginning::with_new_root) {
            return {};
        }
        if (beginning == publish::Beginning::made_already) {
            return fail(Errc::conflict,
                        "{} is a repository already; rotate-root changes its keys and thresholds",
                        layout_.folder().native());
        }
        return fail(Errc::conflict,
                    "images were built with {}, so a repository for their machines begins with that "
                    "root and its keys. For one with the keys that you name choose another folder "
                    "(--keys), or take that file away and build the images anew afterwards",
                    folder.first_root().native());
    }

    /// The first root, once it is signed, beside the keys: `clean` leaves those, and images carry it.
    Result<void> keep_root()
    {
        auto folder = keys_folder(system_, options_);
        TRY_ASSIGN(const auto kept, folder.keep_first_root(layout_));
        if (kept == publish::KeysFolder::Kept::another) {
            std::fprintf(stderr, "warning: images built here carry %s, which is not this repository's "
                                 "root: their machines take nothing from it\n",
                         folder.first_root().c_str());
        }
        return {};
    }

    Result<void> draft_content(publish::Content content)
    {
        return publish::draft_content(system_.files, layout_, channel_, std::move(content),
                                      now(), publish_options_.expiration.targets);
    }

    /// A file, or one of ours by its name.
    Result<fs::path> find_wave_policy()
    {
        const auto& wanted = options_.wave_policy;
        auto path = user_path(system_, wanted);
        if (wanted.contains('/') || system_.files.exists(path)) {
            return path;
        }
        const auto folder = fs::path(checkout) / "src/update/repository/waves";
        auto ours = folder / (wanted + ".toml");
        if (system_.files.exists(ours)) {
            return ours;
        }
        TRY_ASSIGN(auto known, system_.files.list(folder));
        for (auto& name : known) {
            name = fs::path(name).stem();
        }
        return fail(Errc::not_found, "no wave policy \"{}\", neither as a file nor as one of: {}",
                    wanted, join(known, ", "));
    }

    Result<update::Waves> read_waves()
    {
        if (options_.wave_policy.empty()) {
            return update::Waves();
        }
        TRY_ASSIGN(const auto file, find_wave_policy());
        TRY_ASSIGN(const auto text, system_.files.read(file));
        TRY_ASSIGN(const auto policy, update::parse_wave_policy(text).while_(options_.wave_policy));
        TRY_ASSIGN(const auto start, update::parse_moment(options_.start, now()).while_("--start"));
        return update::build_waves(policy, start);
    }

    Result<publish::AddOptions> add_options(const publish::Build& build)
    {
        publish::AddOptions options;
        for (const auto& text : options_.migrates_from) {
            TRY_ASSIGN(auto version, Version::parse(text));
            options.migrates_from.push_back(std::move(version));
        }
        if (!options_.release_config.empty()) {
            TRY_ASSIGN(const auto text,
                       system_.files.read(user_path(system_, options_.release_config)));
            TRY_ASSIGN(const auto migrations,
                       publish::parse_release_config(text).while_(options_.release_config));
            TRY_ASSIGN(const auto versions, publish::find_migrates_from(migrations, build)
                                                .while_(options_.release_config));
            options.migrates_from.insert(options.migrates_from.end(), versions.begin(),
                                         versions.end());
        }
        TRY_ASSIGN(options.waves, read_waves());
        return options;
    }

    Result<void> add()
    {
        TRY_ASSIGN(const auto variant_file, find_variant(system_, options_.variant));
        TRY_ASSIGN(const auto variant, image::load_variant(variant_file));
        const auto manifest_file =
            options_.build.empty()
                ? fs::path(checkout) / "out" / variant.name / "latest-manifest.json"
                : user_path(system_, options_.build);
        TRY_ASSIGN(const auto text, system_.files.read(manifest_file));
        TRY_ASSIGN(const auto build, publish::parse_build(text).while_(manifest_file.native()));
        if (build.channel.variant != variant.name) {
            return fail(Errc::invalid, "{} is a build of variant {}, not {}",
                        manifest_file.native(), build.channel.variant, variant.name);
        }
        if (!options_.foreign_root) {
            TRY_ASSIGN(const auto roots, publish::load_roots(system_.files, layout_));
            TRY(publish::check_trust(build, roots).while_("adding without --foreign-root"));
        }
        channel_ = build.channel;
        TRY_ASSIGN(const auto with, add_options(build));
        const auto read = [&](const publish::Payload& payload) {
            return system_.files.read(manifest_file.parent_path() / payload.name, largest_payload);
        };
        return publish::draft_build(system_.files, layout_, build, with, read, now(),
                                    publish_options_.expiration.targets);
    }

    Result<void> change_content()
    {
        TRY_ASSIGN(const auto version, Version::parse(options_.version));
        TRY_ASSIGN(auto content, publish::load_content(system_.files, layout_, channel_));
        if (options_.verb == "remove") {
            TRY(options_.retired ? publish::retire_version(content, channel_, version)
                                 : publish::remove_version(content, channel_, version));
        } else if (options_.verb == "set-max-version") {
            TRY(publish::set_max_version(content, channel_, version));
        } else {
            TRY_ASSIGN(auto waves, read_waves());
            TRY(publish::set_waves(content, channel_, version, std::move(waves)));
        }
        return draft_content(std::move(content));
    }

    Result<void> refresh()
    {
        TRY_ASSIGN(const auto channels, publish::list_channels(system_.files, layout_));
        for (const auto& channel : channels) {
            const auto drafted =
                publish::draft_refresh(system_.files, system_.clock, layout_, channel,
                                       options_.role, publish_options_.expiration);
            // A channel that waits for its first signatures has nothing to renew.
            if (!drafted.has_value() && drafted.error().code() != Errc::not_found) {
                return drafted;
            }
        }
        return {};
    }

    Result<void> rotate_root()
    {
        TRY_ASSIGN(auto root, publish::load_next_root(system_.files, layout_));
        publish::RoleChange change{.role = options_.role,
                                   .add = {},
                                   .remove = options_.remove_keys,
                                   .threshold = options_.threshold};
        for (const auto& typed : options_.add_keys) {
            TRY_ASSIGN(auto key, load_public_key(system_, typed));
            change.add.push_back(std::move(key));
        }
        TRY_ASSIGN(root, publish::change_root(std::move(root), change));
        root.expires = now() + publish_options_.expiration.root;
        return publish::save_root_draft(system_.files, layout_, root);
    }

    /// Says how to go on after an error: the next command would publish what waits. Best effort.
    void tell_what_waits()
    {
        const auto tell = [](const std::string& what, const std::string& option) {
            std::fprintf(stderr, "waits: %s: repo sign goes on with it, repo abandon %s gives it up\n",
                         what.c_str(), option.c_str());
        };
        const auto root = publish::load_root_draft(system_.files, layout_);
        if (root.has_value() && *root) {
            tell("root.json", "--root");
        }
        const auto channels = publish::list_channels(system_.files, layout_);
        if (!channels.has_value()) {
            return;
        }
        for (const auto& channel : *channels) {
            const auto published = publish::load_published(system_.files, layout_, channel);
            if (!published.has_value()) {
                continue;
            }
            const auto drafts =
                publish::load_drafts(system_.files, layout_, channel, *published);
            if (drafts.has_value() &&
                (drafts->targets || drafts->snapshot || drafts->timestamp)) {
                tell(channel.str(),
                     std::format("--variant {} --arch {}", channel.variant, channel.arch));
            }
        }
    }

    Result<int> publish_drafts(const publish::KeyRing& keys)
    {
        auto published =
            publish::publish(system_.files, system_.clock, layout_, keys, publish_options_);
        if (!published.has_value()) {
            tell_what_waits();
        }
        TRY_ASSIGN(const auto waiting, std::move(published));
        for (const auto& wait : waiting) {
            std::printf("waits for %s: %s: %s\n", wait.missing.c_str(), wait.document.c_str(),
                        wait.reason.c_str());
        }
        if (waiting.empty()) {
            std::printf("published: %s\n", options_.repository.empty()
                                                ? "out/repository"
                                                : options_.repository.c_str());
        }
        if (options_.verb == "init" || options_.verb == "sign" || options_.verb == "rotate-root") {
            TRY(keep_root());
        }
        return 0;
    }

    Result<int> abandon()
    {
        if (options_.only_variant.empty()) {
            TRY(publish::abandon_root(system_.files, layout_));
            TRY(keys_folder(system_, options_).forget_waiting_root());
            std::printf("abandoned: root.json\n");
            return 0;
        }
        channel_.variant = options_.only_variant;
        TRY(publish::abandon_drafts(system_.files, layout_, channel_));
        std::printf("abandoned: %s\n", channel_.str().c_str());
        return 0;
    }

    Result<int> prune()
    {
        TRY_ASSIGN(const auto pruned, publish::prune(system_.files, layout_));
        for (const auto& name : pruned) {
            std::printf("removed: %s\n", name.c_str());
        }
        return 0;
    }

    /// What machines are known to look for.
    Result<std::vector<publish::Channel>> channels_to_verify()
    {
        if (!options_.only_variant.empty()) {
            return std::vector<publish::Channel>{
                {.variant = options_.only_variant, .arch = options_.arch}};
        }
        TRY_ASSIGN(auto channels, publish::list_channels(system_.files, layout_));
        std::erase_if(channels, [&](const auto& channel) {
            const bool waits = !publish::is_published(system_.files, layout_, channel);
            if (waits) {
                std::printf("%s: nothing is published yet\n", channel.str().c_str());
            }
            return waits;
        });
        if (channels.empty()) {
            return fail(Errc::not_found,
                        "{} offers nothing to verify; of a repository that lies elsewhere name the "
                        "--variant too",
                        layout_.folder().native());
        }
        return channels;
    }

    /// What machines trust at first.
    Result<fs::path> first_root()
    {
        if (!publish_options_.shipped_root.empty()) {
            TRY(system_.files.read(publish_options_.shipped_root));
            return publish_options_.shipped_root;
        }
        const auto kept = keys_folder(system_, options_).first_root();
        for (const auto& root : {layout_.roots() / "1.root.json", kept}) {
            if (system_.files.exists(root)) {
                return root;
            }
        }
        return fail(Errc::not_found, "no root to begin with; name what machines have: --shipped-root");
    }

    Result<publish::VerifyOptions> verify_options(const ScratchFolder& scratch)
    {
        TRY_ASSIGN(auto root, first_root());
        return publish::VerifyOptions{
            .url = options_.url.empty() ? tuf::file_url(layout_.folder()) : options_.url,
            .first_root = std::move(root),
            .scratch = scratch.path()};
    }

    Result<std::unique_ptr<io::CurlHttpClient>> open_http()
    {
        const auto ca_file =
            options_.ca_file.empty() ? fs::path() : user_path(system_, options_.ca_file);
        return io::CurlHttpClient::create(
            system_.clock,
            {.proxy = options_.proxy, .no_proxy = options_.no_proxy, .ca_file = ca_file});
    }

    Result<int> check_expirations()
    {
        TRY_ASSIGN(const auto limit, update::parse_moment(options_.expiration_limit, now())
                                         .while_("--expiration-limit"));
        TRY_ASSIGN(const auto http, open_http());
        TRY_ASSIGN(const auto channels, channels_to_verify());
        bool is_any_due = false;
        for (const auto& channel : channels) {
            TRY_ASSIGN(const auto scratch, ScratchFolder::create());
            TRY_ASSIGN(const auto options, verify_options(scratch));
            TRY_ASSIGN(const auto found,
                       publish::find_expirations(*http, system_.files, channel, options)
                           .while_(channel.str()));
            for (const auto& [name, expires] : found) {
                const bool is_due = expires <= limit;
                is_any_due = is_any_due || is_due;
                std::printf("%s %s: %s %s\n", channel.str().c_str(), name.c_str(),
                            expires <= now() ? "EXPIRED at"
                            : is_due         ? "EXPIRES SOON, at"
                                             : "valid until",
                            utc_text(expires).c_str());
            }
        }
        return is_any_due ? 1 : 0;
    }

    Result<int> verify()
    {
        TRY_ASSIGN(const auto http, open_http());
        TRY_ASSIGN(const auto channels, channels_to_verify());
        for (const auto& channel : channels) {
            TRY_ASSIGN(const auto scratch, ScratchFolder::create());
            TRY_ASSIGN(const auto options, verify_options(scratch));
            TRY_ASSIGN(const auto found,
                       publish::verify_channel(*http, system_.files, system_.clock, channel, options)
                           .while_(channel.str()));
            std::printf("%s: %s; %.1f MiB of targets; valid until %s\n", channel.str().c_str(),
                        join(found.versions, " ").c_str(),
                        static_cast<double>(found.target_bytes) / (1 << 20),
                        utc_text(found.earliest_expiry).c_str());
        }
        return 0;
    }

    io::System& system_;
    RepoOptions options_;
    publish::Layout layout_;
    publish::Channel channel_;
    publish::PublishOptions publish_options_{};
};

} // namespace

Result<int> repo_verb(const CommandLine& arguments, io::System& system)
{
    auto parsed = parse_repo_options(arguments);
    if (const auto* status = std::get_if<int>(&parsed)) {
        return *status;
    }
    return RepoRun(system, std::get<RepoOptions>(std::move(parsed))).run();
}

} // namespace holdfast::tool
