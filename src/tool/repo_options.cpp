#include "tool/repo_options.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>

namespace holdfast::tool {

namespace {

void add_role(CLI::App& app, const std::string& name, RoleOptions& role)
{
    app.add_option("--" + name + "-key", role.keys,
                   "a key of the role " + name +
                       " (public or private PEM, or pkcs11:…); may be "
                       "repeated; made where none is given");
    app.add_option("--" + name + "-threshold", role.threshold, "how many of them must sign")
        ->capture_default_str();
}

void add_channel(CLI::App& app, RepoOptions& options)
{
    app.add_option("--variant", options.variant, "variant name")->capture_default_str();
    app.add_option("--arch", options.arch, "architecture")->capture_default_str();
}

void add_init(CLI::App& app, RepoOptions& options)
{
    auto* verb = app.add_subcommand("init", "make a repository, and keys where none are given");
    add_role(*verb, "root", options.root);
    add_role(*verb, "targets", options.targets);
    add_role(*verb, "snapshot", options.snapshot);
    add_role(*verb, "timestamp", options.timestamp);
    verb->add_option("--key-type", options.key_type, "of keys that are made")
        ->check(CLI::IsMember({"ed25519", "ecdsa", "rsa"}))
        ->capture_default_str();
}

void add_content_verbs(CLI::App& app, RepoOptions& options)
{
    auto* add = app.add_subcommand("add", "offer an image build to machines");
    add->add_option("--variant", options.variant, "variant name, or path of a variant file")
        ->capture_default_str();
    add->add_option("--build", options.build,
                    "the build's manifest; out/<variant>/latest-manifest.json if not given");
    add->add_flag("--foreign-root", options.foreign_root,
                  "the image carries no root of this repository: its machines are to take their next "
                  "update from another one, or none");
    add->add_option("--migrates-from", options.migrates_from,
                    "a version whose settings the new one can take over; may be repeated");
    add->add_option("--release-config", options.release_config,
                    "a Release.toml, whose pairs of versions say the same");
    add->add_option("--wave-policy", options.wave_policy,
                    "default, accelerated, ohno, slow-roll or a TOML file; all machines at once if "
                    "not given");
    add->add_option("--start", options.start, "when the first wave starts: a time, or \"in 1 day\"")
        ->capture_default_str();

    auto* remove = app.add_subcommand("remove", "take a version back");
    remove->add_flag("--retired", options.retired,
                     "no machine has it any more, nor partitions from when it was imaged with it: "
                     "new versions need not fit those; also for a version taken back before");
    auto* waves = app.add_subcommand("waves", "give a version's waves anew");
    waves->add_option("--wave-policy", options.wave_policy,
                      "as for add; all machines at once if not given");
    waves->add_option("--start", options.start, "when the first wave starts")
        ->capture_default_str();
    auto* most = app.add_subcommand("set-max-version",
                                    "let machines go to this version at most, and newer ones back");
    for (auto* verb : {remove, waves, most}) {
        add_channel(*verb, options);
        verb->add_option("version", options.version)->required();
    }
}

void add_signing_verbs(CLI::App& app, RepoOptions& options)
{
    auto* refresh = app.add_subcommand("refresh", "renew expiries, of all channels");
    refresh->add_option("--role", options.role, "this role and what depends on it")
        ->check(CLI::IsMember({"targets", "snapshot", "timestamp"}))
        ->capture_default_str();
    auto* sign =
        app.add_subcommand("sign", "add signatures to what waits, and publish what is complete");
    sign->add_flag("--waves-as-they-are", options.waves_as_they_are,
                   "publish a version even where its second wave began while it waited, so that most "
                   "of the fleet takes it at once");
    auto* abandon =
        app.add_subcommand("abandon", "give up what waits for signatures, and nothing that is published");
    auto* what = abandon->add_option_group("what");
    what->add_flag("--root", "the next root");
    what->add_option("--variant", options.only_variant, "what was drafted for this variant");
    what->require_option(1);
    abandon->add_option("--arch", options.arch, "architecture of that variant")
        ->capture_default_str();
    auto* rotate = app.add_subcommand("rotate-root", "draft a new root, with other keys or not");
    rotate->add_option("--role", options.role, "whose keys to change")
        ->check(CLI::IsMember({"root", "targets", "snapshot", "timestamp"}));
    rotate->add_option("--add-key", options.add_keys, "public or private PEM, or pkcs11:…");
    rotate->add_option("--remove-key", options.remove_keys, "key id");
    rotate->add_option("--threshold", options.threshold, "how many must sign");
}

void add_using_verbs(CLI::App& app, RepoOptions& options)
{
    auto* verify = app.add_subcommand("verify", "read all of it, as a machine does");
    auto* expirations = app.add_subcommand(
        "check-expirations", "tell when metadata expire; exit status 1 where one does too soon");
    expirations->alias("expire");
    expirations
        ->add_option("--expiration-limit", options.expiration_limit,
                     "what expires until then is too soon: a time, or \"in 1 week\"")
        ->capture_default_str();
    for (auto* reading : {verify, expirations}) {
        reading->add_option("--url", options.url,
                            "where it is served; the folder itself if not given");
        reading->add_option("--proxy", options.proxy, "HTTP proxy on the way there");
        reading->add_option("--no-proxy", options.no_proxy, "hosts reached without the proxy");
        reading->add_option("--ca-file", options.ca_file,
                            "certificate authorities in PEM; the SDK's if not given");
        reading->add_option("--variant", options.only_variant,
                            "of this variant; all that the folder has if not given");
        reading->add_option("--arch", options.arch, "architecture of that variant")
            ->capture_default_str();
    }
    app.add_subcommand("prune", "delete targets files to which nothing refers any more");
    auto* serve = app.add_subcommand("serve", "a web server on 127.0.0.1, for trying out");
    serve->add_option("--port", options.port)->capture_default_str();
}

} // namespace

std::variant<RepoOptions, int> parse_repo_options(const std::vector<std::string>& arguments)
{
    RepoOptions options;
    CLI::App app("Publishes image builds for machines to update from.", "holdfast repo");
    app.fallthrough(); // First: verbs inherit it when they are made.
    app.add_option("--repository", options.repository,
                   "folder of the repository; the checkout's out/repository if not given");
    app.add_option("--keys", options.keys_folder,
                   "folder with private keys (*.pem) and the first root, which images built here "
                   "carry; the checkout's keys/repository if not given");
    app.add_option("--key", options.keys, "a private key: PEM, or pkcs11:…; may be repeated");
    app.add_option("--shipped-root", options.shipped_root,
                   "the root in the oldest machines; the repository's first if not given, or that in "
                   "the folder of keys");
    app.add_option("--expiration-policy", options.expiration_policy, "TOML");
    add_init(app, options);
    add_content_verbs(app, options);
    add_signing_verbs(app, options);
    add_using_verbs(app, options);
    app.require_subcommand(1);
    try {
        app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
    } catch (const CLI::ParseError& problem) {
        return app.exit(problem) == 0 ? 0 : 2;
    }
    const auto* verb = app.get_subcommands().front();
    options.verb = verb->get_name();
    options.asks_for_keys =
        options.verb == "init" &&
        std::ranges::any_of(verb->get_options(), [](const auto* option) { return !option->empty(); });
    return options;
}

} // namespace holdfast::tool
