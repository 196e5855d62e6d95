#include "containers/lifecycle/images.hpp"

#include "base/log.hpp"

#include <algorithm>

namespace holdfast::containers {

namespace {

constexpr std::size_t longest_document = 4U << 20;
constexpr int deepest_index = 3;
constexpr int retries = 5;

#if defined(__x86_64__)
constexpr auto architecture = "amd64";
#else
constexpr auto architecture = "arm64";
#endif

std::string text_at(const Json& object, const char* key)
{
    const auto found = object.is_object() ? object.find(key) : object.end();
    return object.is_object() && found != object.end() && found->is_string()
               ? found->get<std::string>()
               : std::string{};
}

/// Whether an entry of an index is for this machine. Entries without a platform are for all.
bool fits(const Json& entry)
{
    const auto platform = entry.is_object() ? entry.find("platform") : entry.end();
    return entry.is_object() && (platform == entry.end() ||
                                 (text_at(*platform, "os") == "linux" &&
                                  text_at(*platform, "architecture") == architecture));
}

Result<Json> document(Runtime& runtime, const std::string& digest)
{
    TRY_ASSIGN(const auto text, runtime.blob(digest, longest_document));
    return parse_json(text, {.bytes = longest_document}).while_(digest);
}

/// The digest of the image's configuration: index → manifest → configuration.
Result<std::string> configuration_digest(Runtime& runtime, std::string digest)
{
    for (int depth = 0; depth < deepest_index; ++depth) {
        TRY_ASSIGN(const auto found, document(runtime, digest));
        if (found.is_object() && found.contains("config")) {
            return text_at(found["config"], "digest");
        }
        if (!found.is_object() || !found.contains("manifests") || !found["manifests"].is_array()) {
            return fail(Errc::corrupt, "{} is neither an image nor an index of images", digest);
        }
        const auto& entries = found["manifests"];
        const auto entry = std::ranges::find_if(entries, fits);
        if (entry == entries.end()) {
            return fail(Errc::unsupported, "the image has no version for linux/{}", architecture);
        }
        digest = text_at(*entry, "digest");
    }
    return fail(Errc::corrupt, "indexes of images nested too deep");
}

} // namespace

Result<ReadyImage> find_image(Runtime& runtime, const std::string& name)
{
    TRY_ASSIGN(const auto stored, runtime.image(name));
    const auto doing = std::format("reading the image {}", name);
    TRY_ASSIGN(const auto digest,
               configuration_digest(runtime, stored.target.digest).while_(doing));
    TRY_ASSIGN(const auto configuration, document(runtime, digest).while_(doing));
    TRY_ASSIGN(auto process, ImageProcess::parse(configuration).while_(doing));
    // Whoever unpacks an image notes the top snapshot at the configuration.
    TRY_ASSIGN(const auto labels, runtime.blob_labels(digest));
    const auto label = labels.find("containerd.io/gc.ref.snapshot.overlayfs");
    if (label == labels.end()) {
        return fail(Errc::not_found, "the image {} is not unpacked", name);
    }
    TRY_ASSIGN(const bool unpacked, runtime.has_snapshot(label->second));
    if (!unpacked) {
        return fail(Errc::not_found, "the image {} is not unpacked", name);
    }
    return ReadyImage{name, label->second, std::move(process)};
}

Result<void> pull_image(Runtime& runtime, const RegistryImage& image, const RegistryAccess& access,
                        const Labels& labels, io::Clock& clock, io::Random& random)
{
    std::vector<std::string> skipped;
    const auto endpoints = access.endpoints(image, skipped);
    for (const auto& url : skipped) {
        log::warning("mirror left out; expected https and a path below /v2", {{"endpoint", url}});
    }
    std::chrono::seconds pause{1};
    for (int round = 0;; ++round) {
        Result<void> last = fail(Errc::internal, "no endpoint");
        for (const auto& endpoint : endpoints) {
            last = runtime.pull({endpoint.reference, image.str(), labels, access.login(image)});
            if (last.has_value()) {
                return last;
            }
            log::warning("pull failed", {{"endpoint", endpoint.reference},
                                         {"round", std::to_string(round)},
                                         {"cause", last.error().message()}});
        }
        if (round == retries) {
            return last;
        }
        // Many machines that lost one registry shall not come back in one beat.
        clock.sleep(pause + std::chrono::milliseconds(2000 + random_below(random, 4000)));
        pause = std::min(pause * 2, std::chrono::seconds{30});
    }
}

} // namespace holdfast::containers
