#pragma once

#include "base/error.hpp"

#include <filesystem>
#include <string>
#include <string_view>
#include <variant>

namespace holdfast::containers {

/// An image in a registry: host[:port]/repository[:tag][@digest].
class RegistryImage {
public:
    /// Without a registry host the image is docker.io's ("nginx" is "docker.io/library/nginx"),
    /// without tag and digest it is tagged "latest". Errors: `invalid`.
    static Result<RegistryImage> parse(std::string_view text);

    /// "docker.io", "registry.example:5000", "[::1]:5000".
    const std::string& registry() const { return registry_; }
    /// "library/nginx".
    const std::string& repository() const { return repository_; }
    /// ":1.27", "@sha256:…" or both.
    const std::string& version() const { return version_; }
    /// The whole reference, written out in full.
    std::string str() const { return registry_ + "/" + repository_ + version_; }

private:
    RegistryImage(std::string registry, std::string repository, std::string version)
        : registry_(std::move(registry)), repository_(std::move(repository)),
          version_(std::move(version))
    {
    }
    std::string registry_;
    std::string repository_;
    std::string version_;
};

/// An OCI archive on this machine: file:///usr/share/holdfast/images/control.tar
struct ArchiveImage {
    std::filesystem::path path; ///< Absolute, without "." and "..".
    /// The image's name in the store: the source as it was written, which no registry image can
    /// have and which differs for two archives.
    std::string name() const { return "file://" + path.native(); }
};

using ImageSource = std::variant<RegistryImage, ArchiveImage>;

/// What the setting `source` means. Errors: `invalid`.
Result<ImageSource> parse_image_source(std::string_view text);

} // namespace holdfast::containers
