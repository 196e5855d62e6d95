#pragma once

#include "base/error.hpp"
#include "io/files.hpp"

#include <chrono>
#include <filesystem>
#include <string>

namespace holdfast::machine {

/// A private key and the certificate for it, both PEM.
struct Identity {
    std::string key;
    std::string certificate;
};

enum class Role { authority, server, client };

/// When a certificate is good.
struct Validity {
    std::chrono::system_clock::time_point from;
    std::chrono::system_clock::time_point until;
};

/// Ten years from a day ago, so that a guest whose clock is somewhat behind accepts it.
Validity ten_years(std::chrono::system_clock::time_point now);

/// Makes an EC P-256 key and its certificate. `issuer` signs it; nullptr makes it self-signed. A
/// server's certificate is for 127.0.0.1, ::1, localhost, and this host as a virtual machine reaches it
/// (10.0.2.2). Errors: `internal`.
Result<Identity> make_identity(Role role, const std::string& common_name, const Validity& validity,
                               const Identity* issuer);

/// What this checkout's development machines and their callers know each other by.
struct ApiIdentities {
    Identity authority;
    Identity server;
    Identity client;
};

/// Where they lie: keys/api-{ca,server,client}.{crt,key}.
struct KeyFiles {
    explicit KeyFiles(std::filesystem::path where) : directory(std::move(where)) {}

    std::filesystem::path directory;
    std::filesystem::path authority = directory / "api-ca.crt";
    std::filesystem::path client = directory / "api-client.crt";
    std::filesystem::path client_key = directory / "api-client.key";
};

/// Reads them, or makes them where one is missing. Keys are readable by their owner only.
Result<ApiIdentities> api_identities(io::Files& files, const KeyFiles& places,
                                     std::chrono::system_clock::time_point now);

/// User data that switches the remote API on with these identities: TOML.
std::string remote_api_user_data(const ApiIdentities& identities);

} // namespace holdfast::machine
