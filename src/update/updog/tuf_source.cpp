#include "update/updog/tuf_source.hpp"

namespace holdfast::update {

io::CurlOptions http_options(const UpdogConfig& config)
{
    return {.proxy = config.https_proxy, .no_proxy = config.no_proxy, .ca_file = authorities_path};
}

Result<std::unique_ptr<UpdateSource>> TufSource::open(const UpdogConfig& config, std::string query,
                                                      io::Files& files, io::Clock& clock,
                                                      FillSet fill_set)
{
    TRY_ASSIGN(auto curl, io::CurlHttpClient::create(clock, http_options(config)));
    std::unique_ptr<io::HttpClient> http = std::move(curl);
    TRY_ASSIGN(auto client, tuf::Client::open(*http, files, clock,
                                              {.metadata_dir = metadata_path,
                                               .keeps_repositories_apart = true,
                                               .metadata_url = config.metadata_url,
                                               .targets_url = config.targets_url,
                                               .shipped_root = shipped_root_path,
                                               .query = std::move(query)}));
    TRY(client.refresh());
    return std::unique_ptr<UpdateSource>(
        new TufSource(std::move(http), std::move(client), std::move(fill_set)));
}

Result<std::string> TufSource::read_target(const std::string& name, std::uint64_t most_bytes)
{
    TRY_ASSIGN(const auto target, client_.find_target(name));
    if (target.length > most_bytes) {
        return fail(Errc::too_large, "{} has {} bytes; {} are allowed", name, target.length,
                    most_bytes);
    }
    std::string content;
    TRY(client_.fetch_target(target, [&](std::span<const std::byte> bytes) -> Result<void> {
        content.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        return {};
    }));
    return content;
}

Result<Payload> TufSource::payload(const std::string& name)
{
    TRY_ASSIGN(const auto target, client_.find_target(name));
    TRY_ASSIGN(auto url, client_.target_url(target));
    TRY_ASSIGN(const auto sha256, target.sha256());
    return Payload{.name = name, .url = std::move(url), .length = target.length, .sha256 = sha256};
}

Result<void> TufSource::install(const Images& images, const ProgressSink& report)
{
    Release release;
    TRY_ASSIGN(release.boot, payload(images.boot));
    TRY_ASSIGN(release.root, payload(images.root));
    TRY_ASSIGN(release.hash, payload(images.hash));
    if (auto blocks = payload(block_list_target(images)); blocks.has_value()) {
        release.blocks = *std::move(blocks);
    } else if (blocks.error().code() != Errc::not_found) {
        return Failure{std::move(blocks).error()};
    }
    return fill_set_(release, *http_, report);
}

} // namespace holdfast::update
