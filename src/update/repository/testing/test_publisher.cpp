#include "update/repository/testing/test_publisher.hpp"

#include "crypto/sha256.hpp"
#include "update/repository/draft_build.hpp"

namespace holdfast::publish {

using crypto::PrivateKey;

Result<io::HttpReply> FileServer::fetch(const io::HttpFetch& request, const io::ByteSink& sink)
{
    constexpr std::string_view base = "http://repo/";
    check(request.url.starts_with(base), "only this server is asked");
    TRY_ASSIGN(const auto text, files_.read(folder_ / request.url.substr(base.size()),
                                            static_cast<std::size_t>(request.most_bytes)));
    TRY(sink(std::as_bytes(std::span(text))));
    return io::HttpReply{.body_bytes = text.size()};
}

Version version_of(const std::string& text)
{
    return *Version::parse(text);
}

TestPublisher::TestPublisher()
{
    auto key = PrivateKey::generate(crypto::SignatureScheme::ed25519);
    for (auto* role :
         {&root_keys_.root, &root_keys_.timestamp, &root_keys_.snapshot, &root_keys_.targets}) {
        role->keys.push_back(key.public_key());
    }
    keys.add(std::move(key));
    check(draft_first_root().has_value(), "a draft");
    check(publish_now()->empty(), "the root is complete");
}

Result<void> TestPublisher::draft_first_root()
{
    const auto now = std::chrono::floor<std::chrono::seconds>(clock.now());
    TRY_ASSIGN(const auto root, make_root(root_keys_, now + options.expiration.root));
    return save_root_draft(files, layout, root);
}

Build TestPublisher::build(const std::string& version)
{
    const auto payload = [&](const char* suffix) {
        Payload made{.name = std::format("holdfast-metal-x86_64-{}-{}", version, suffix)};
        const auto content = payload_content(made);
        made.size = content.size();
        made.sha256 = crypto::sha256(content).hex();
        return made;
    };
    return {.channel = channel,
            .version = version_of(version),
            .boot = payload("boot.efi"),
            .root = payload("root.erofs"),
            .hash = payload("hash.verity"),
            .blocks = payload("blocks.list"),
            .partitions = {.boot = 1000, .root = 1000, .hash = 1000}};
}

Result<std::vector<Waiting>> TestPublisher::add(const std::string& version,
                                                const std::vector<std::string>& migrates_from,
                                                update::Waves waves)
{
    AddOptions add_options{.waves = std::move(waves)};
    for (const auto& from : migrates_from) {
        add_options.migrates_from.push_back(version_of(from));
    }
    const auto read = [](const Payload& payload) -> Result<std::string> {
        return payload_content(payload);
    };
    TRY(draft_build(files, layout, build(version), add_options, read,
                    std::chrono::floor<std::chrono::seconds>(clock.now()),
                    options.expiration.targets));
    return publish_now();
}

Result<Verified> TestPublisher::verify()
{
    FileServer server(files, folder);
    io::FakeFiles machine;
    const auto root = files.read(layout.roots() / "1.root.json");
    TRY(root);
    machine.put("/root.json", *root);
    return verify_channel(
        server, machine, clock, channel,
        {.url = "http://repo", .first_root = "/root.json", .scratch = "/scratch"});
}

} // namespace holdfast::publish
