#include "image/oci/oci_archive.hpp"

#include "crypto/sha256.hpp"
#include "image/oci/compressor.hpp"
#include "image/oci/tar_writer.hpp"
#include "json/json.hpp"

#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <fts.h>
#include <cstring>
#include <sys/stat.h>
#include <unistd.h>

namespace holdfast::image {

namespace {

/// A file being written, removed again unless it was kept.
class Draft {
public:
    static Result<std::unique_ptr<Draft>> create(std::filesystem::path path)
    {
        const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        if (fd < 0) {
            return fail_errno(std::format("creating {}", path.native()), errno);
        }
        return std::unique_ptr<Draft>(new Draft(std::move(path), fd));
    }

    ~Draft()
    {
        ::close(fd_);
        ::unlink(path_.c_str());
    }
    Draft(const Draft&) = delete;

    Result<void> write(std::span<const std::byte> bytes)
    {
        size_ += bytes.size();
        while (!bytes.empty()) {
            const auto count = ::write(fd_, bytes.data(), bytes.size());
            if (count < 0 && errno != EINTR) {
                return fail_errno(std::format("writing {}", path_.native()), errno);
            }
            bytes = bytes.subspan(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
        }
        return {};
    }

    Result<void> keep_as(const std::filesystem::path& name)
    {
        if (::fsync(fd_) != 0 || ::rename(path_.c_str(), name.c_str()) != 0) {
            return fail_errno(std::format("writing {}", name.native()), errno);
        }
        return {};
    }

    const std::filesystem::path& path() const { return path_; }
    std::uint64_t size() const { return size_; }

private:
    Draft(std::filesystem::path path, int fd) : path_(std::move(path)), fd_(fd) {}
    std::filesystem::path path_;
    int fd_;
    std::uint64_t size_ = 0;
};

struct Blob {
    std::string media_type;
    std::string digest;
    std::uint64_t size = 0;

    Json descriptor() const
    {
        return {{"mediaType", media_type}, {"digest", digest}, {"size", size}};
    }
    std::string path() const { return "blobs/sha256/" + digest.substr(7); }
};

Blob blob_of(std::string media_type, const std::string& text)
{
    return {std::move(media_type), "sha256:" + crypto::sha256(text).hex(), text.size()};
}

Result<std::string> link_target(const char* path)
{
    std::string target(4096, '\0');
    const auto length = ::readlink(path, target.data(), target.size());
    if (length < 0) {
        return fail_errno(std::format("reading the link {}", path), errno);
    }
    target.resize(static_cast<std::size_t>(length));
    return target;
}

Result<void> add_entry(TarWriter& tar, const FTSENT& entry, std::string_view name)
{
    switch (entry.fts_info) {
    case FTS_D: return tar.add_directory(name, entry.fts_statp->st_mode);
    case FTS_DP: return {};
    case FTS_F: return tar.add_file(name, entry.fts_accpath, entry.fts_statp->st_mode);
    case FTS_SL:
    case FTS_SLNONE: {
        TRY_ASSIGN(const auto target, link_target(entry.fts_accpath));
        return tar.add_link(name, target);
    }
    case FTS_ERR:
    case FTS_DNR:
    case FTS_NS: return fail_errno(std::format("reading {}", entry.fts_path), entry.fts_errno);
    default:
        return fail(Errc::unsupported, "{} is neither directory, file nor link", entry.fts_path);
    }
}

int by_name(const FTSENT** a, const FTSENT** b)
{
    return std::strcmp((*a)->fts_name, (*b)->fts_name);
}

Result<void> add_tree(TarWriter& tar, const std::filesystem::path& root)
{
    std::string start = root.native();
    char* roots[] = {start.data(), nullptr};
    const std::unique_ptr<FTS, int (*)(FTS*)> walk(
        ::fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, by_name), ::fts_close);
    if (!walk) {
        return fail_errno(std::format("reading {}", start), errno);
    }
    errno = 0;
    while (const auto* entry = ::fts_read(walk.get())) {
        if (entry->fts_level == FTS_ROOTLEVEL) {
            if (entry->fts_info != FTS_D && entry->fts_info != FTS_DP) {
                return fail(Errc::not_found, "{} is no directory", start);
            }
            continue;
        }
        const auto name = std::string_view(entry->fts_path).substr(start.size() + 1);
        TRY(add_entry(tar, *entry, name));
        errno = 0;
    }
    if (errno != 0) {
        return fail_errno(std::format("reading {}", start), errno);
    }
    return {};
}

struct Layer {
    Blob blob;
    std::string content_digest; ///< Of the tar before compression ("diff ID").
};

Result<Layer> write_layer(const OciImage& image, Draft& draft)
{
    crypto::Sha256Stream packed;
    crypto::Sha256Stream content;
    Compressor compressor([&](std::span<const std::byte> bytes) {
        packed.update(bytes);
        return draft.write(bytes);
    });
    TRY_ASSIGN(const auto tar, TarWriter::open(
                                   [&](std::span<const std::byte> bytes) {
                                       content.update(bytes);
                                       return compressor.add(bytes);
                                   },
                                   image.source_date_epoch));
    TRY(add_tree(*tar, image.root));
    TRY(tar->finish());
    TRY(compressor.finish());
    return Layer{{"application/vnd.oci.image.layer.v1.tar+zstd",
                  "sha256:" + packed.finish().hex(), draft.size()},
                 "sha256:" + content.finish().hex()};
}

std::string configuration(const OciImage& image, const Layer& layer)
{
    const std::chrono::sys_seconds time{std::chrono::seconds{image.source_date_epoch}};
    return to_text({{"created", std::format("{:%Y-%m-%dT%H:%M:%SZ}", time)},
                    {"architecture", image.architecture},
                    {"os", "linux"},
                    {"config",
                     {{"Entrypoint", image.entrypoint},
                      {"Env", image.environment},
                      {"Labels", image.labels}}},
                    {"rootfs", {{"type", "layers"}, {"diff_ids", {layer.content_digest}}}}});
}

} // namespace

Result<void> build_oci_archive(const OciImage& image, const std::filesystem::path& out)
{
    auto layer_path = out;
    layer_path += ".layer";
    TRY_ASSIGN(const auto layer_file, Draft::create(layer_path));
    TRY_ASSIGN(const auto layer, write_layer(image, *layer_file));

    const auto config_text = configuration(image, layer);
    const auto config = blob_of("application/vnd.oci.image.config.v1+json", config_text);
    const auto manifest_text = to_text({{"schemaVersion", 2},
                                        {"mediaType", "application/vnd.oci.image.manifest.v1+json"},
                                        {"config", config.descriptor()},
                                        {"layers", {layer.blob.descriptor()}}});
    const auto manifest = blob_of("application/vnd.oci.image.manifest.v1+json", manifest_text);
    auto entry = manifest.descriptor();
    entry["platform"] = {{"os", "linux"}, {"architecture", image.architecture}};
    const auto index_text = to_text({{"schemaVersion", 2},
                                     {"mediaType", "application/vnd.oci.image.index.v1+json"},
                                     {"manifests", Json::array({entry})}});

    auto draft_path = out;
    draft_path += ".new";
    TRY_ASSIGN(const auto draft, Draft::create(draft_path));
    TRY_ASSIGN(const auto tar,
               TarWriter::open([&](std::span<const std::byte> bytes) { return draft->write(bytes); },
                               image.source_date_epoch));
    TRY(tar->add_bytes("oci-layout", R"({"imageLayoutVersion":"1.0.0"})"));
    TRY(tar->add_bytes("index.json", index_text));
    TRY(tar->add_bytes(config.path(), config_text));
    TRY(tar->add_bytes(manifest.path(), manifest_text));
    TRY(tar->add_file(layer.blob.path(), layer_file->path(), 0644));
    TRY(tar->finish());
    return draft->keep_as(out);
}

} // namespace holdfast::image
