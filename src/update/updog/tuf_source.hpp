#pragma once

#include "io/curl/curl_http_client.hpp"
#include "io/files.hpp"
#include "update/agent/config.hpp"
#include "update/agent/sources.hpp"
#include "update/source/release.hpp"
#include "update/tuf/client.hpp"

#include <functional>
#include <memory>

namespace holdfast::update {

/// The root of trust that the image brings.
constexpr auto shipped_root_path = "/usr/share/updog/root.json";
/// What the TUF client trusts, on PRIVATE: an older state of a repository is refused over reboots,
/// too.
constexpr auto metadata_path = "/var/lib/bottlerocket/update-metadata";

/// The authorities of the image with those of settings.pki: what certdog writes.
constexpr auto authorities_path = "/etc/pki/tls/certs/ca-bundle.crt";

/// How servers are reached, and whom to believe. The path that libcurl was compiled with is
/// Debian's choice, and not asked.
io::CurlOptions http_options(const UpdogConfig& config);

/// Fills the inactive set with a release.
using FillSet = std::function<Result<void>(const Release&, io::HttpClient&, const ProgressSink&)>;

/// A repository over HTTP(S) or in a folder, verified by TUF.
class TufSource final : public UpdateSource {
public:
    /// Brings the metadata up to date. `files` and `clock` must outlive the result. Errors: those
    /// of `tuf::Client`.
    static Result<std::unique_ptr<UpdateSource>> open(const UpdogConfig& config, std::string query,
                                                      io::Files& files, io::Clock& clock,
                                                      FillSet fill_set);

    Result<std::string> read_target(const std::string& name, std::uint64_t most_bytes) override;
    void set_query(std::string query) override { client_.set_query(std::move(query)); }
    Result<void> install(const Images& images, const ProgressSink& report) override;

private:
    TufSource(std::unique_ptr<io::HttpClient> http, tuf::Client client, FillSet fill_set)
        : http_(std::move(http)), client_(std::move(client)), fill_set_(std::move(fill_set))
    {
    }
    Result<Payload> payload(const std::string& name);

    std::unique_ptr<io::HttpClient> http_;
    tuf::Client client_;
    FillSet fill_set_;
};

} // namespace holdfast::update
