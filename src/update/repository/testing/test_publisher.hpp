#pragma once

#include "io/testing/fake_clock.hpp"
#include "io/testing/fake_files.hpp"
#include "update/repository/publish.hpp"
#include "update/repository/verify.hpp"

namespace holdfast::publish {

/// The files of a disk as a web server at http://repo/ offers those below `folder`.
class FileServer final : public io::HttpClient {
public:
    FileServer(io::Files& files, std::filesystem::path folder)
        : files_(files), folder_(std::move(folder))
    {
    }
    Result<io::HttpReply> fetch(const io::HttpFetch& request, const io::ByteSink& sink) override;

private:
    io::Files& files_;
    std::filesystem::path folder_;
};

/// Somebody with all keys who publishes builds of a few bytes to /repo, and a machine that was
/// shipped with the first root.
class TestPublisher {
public:
    static inline const Channel channel{.variant = "metal", .arch = "x86_64"};
    static inline const std::filesystem::path folder = "/repo";

    io::FakeFiles files;
    io::FakeClock clock;
    Layout layout{folder};
    KeyRing keys;
    PublishOptions options;

    /// A repository with one key for all roles, nothing published.
    TestPublisher();

    /// A build whose payloads say which version they are.
    static Build build(const std::string& version);
    static std::string payload_content(const Payload& payload)
    {
        return "bytes of " + payload.name;
    }
    /// Stores the payloads and publishes the build.
    Result<std::vector<Waiting>> add(const std::string& version,
                                     const std::vector<std::string>& migrates_from = {},
                                     update::Waves waves = {});
    Result<std::vector<Waiting>> publish_now()
    {
        return publish(files, clock, layout, keys, options);
    }

    /// What began the repository.
    Result<void> draft_first_root();

    /// What a new machine finds, which is shipped with the first root.
    Result<Verified> verify();

private:
    RootKeys root_keys_;
};

Version version_of(const std::string& text);

} // namespace holdfast::publish
