#pragma once

#include "io/system.hpp"

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace holdfast::tool {

/// Keys for one role, as typed: PEM files, public or private, or PKCS #11 URIs.
struct RoleOptions {
    std::vector<std::string> keys;
    std::uint64_t threshold = 1;
};

/// The command line of `./holdfast repo`.
struct RepoOptions {
    std::string verb;

    std::string repository;  ///< Empty: out/repository of the checkout.
    std::string keys_folder; ///< Empty: keys/repository of the checkout.
    std::vector<std::string> keys; ///< More private keys than those of the folder.
    std::string shipped_root;
    std::string expiration_policy;

    std::string key_type = "ed25519"; ///< init: of keys that it makes.
    RoleOptions root, targets, snapshot, timestamp;
    bool asks_for_keys = false; ///< init: any of these was given.

    std::string variant = "metal-dev";
    std::string arch = "x86_64";
    std::string version;
    std::string build; ///< add: the build's manifest.
    bool foreign_root = false;
    std::vector<std::string> migrates_from;
    std::string release_config;
    std::string wave_policy;
    std::string start = "in 0 minutes";

    std::string role = "targets";      ///< refresh, rotate-root.
    std::vector<std::string> add_keys; ///< rotate-root.
    std::vector<std::string> remove_keys;
    std::optional<std::uint64_t> threshold;

    bool waves_as_they_are = false; ///< sign.
    bool retired = false; ///< remove.
    std::string url;      ///< verify, check-expirations; and how to get there.
    std::string proxy;
    std::vector<std::string> no_proxy;
    std::string ca_file;
    std::string expiration_limit = "in 3 days"; ///< check-expirations.
    std::string only_variant; ///< verify, check-expirations, abandon. Empty: all channels of the folder; the root.
    std::uint16_t port = 8080; ///< serve.
};

/// The options, or the exit status after help or misuse, whose text was printed.
std::variant<RepoOptions, int> parse_repo_options(const std::vector<std::string>& arguments);

} // namespace holdfast::tool
