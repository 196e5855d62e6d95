#pragma once

#include "image/disk.hpp"

namespace holdfast::image {

/// What a build left in out/<variant>/.
struct Built {
    std::filesystem::path folder;
    std::string prefix; ///< "holdfast-metal-dev-x86_64-0.1.0-1a2b3c4d"
    std::vector<std::string> warnings;

    std::filesystem::path disk_image() const { return folder / (prefix + ".img"); }
};

/// Builds one variant into `<output>/<variant>/`: disk image, update payloads
/// (`-boot.efi`, `-root.erofs`, `-hash.verity`), SBOM, manifest, and the `latest` links. Steps
/// whose inputs did not change are skipped. The programs must be compiled already.
Result<Built> build_variant(Context& context, const Variant& variant);

/// The release that a checkout would build: VERSION and the commit.
Result<Release> release_of(Context& context);

} // namespace holdfast::image
