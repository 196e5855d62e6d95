#pragma once

#include "image/packages.hpp"
#include "image/variant.hpp"

namespace holdfast::image {

/// The version of the image being built.
struct Release {
    std::string version; ///< From the file VERSION: "0.1.0".
    std::string commit8; ///< First eight digits of the commit.
    std::string architecture; ///< "x86_64".
};

/// The extracted and trimmed packages of a variant, kept in the cache.
struct PackageTree {
    std::filesystem::path folder;
    std::vector<Package> packages;
    std::string kernel_version; ///< "6.12.107+deb13-cloud-amd64"; empty in a container image.
    std::filesystem::path kernel; ///< The vmlinuz.
};

/// What a package tree is made of: the keys of a variant file with these names.
struct TreeContent {
    std::vector<std::string> packages;
    std::vector<std::string> exclude = {};
    std::vector<std::string> drop = {};
    std::vector<std::string> keep = {};
    std::vector<std::string> unpacked_modules = {};
};

/// Fetches, extracts and trims, with `lock_packages` held; depmod indexes the kernel modules that
/// remain. Errors: those of `fetch_packages`; `invalid` when the kernel is missing; `not_found`
/// naming a module to unpack that is not there.
Result<PackageTree> make_package_tree(Context& context, const TreeContent& content);

/// "kernel/drivers/block/virtio_blk.ko.xz" → "virtio_blk"; '-' and '_' are the same to the kernel.
std::string module_name(const std::filesystem::path& path);
/// For a module that a key of the variant file, "kernel.initrd-modules", names in vain.
Failure<Error> no_such_module(std::string_view key, std::string_view name);

/// The whole root tree of a variant in `folder`: package tree, overlays, own programs, container
/// images, os-release, variant.json and the application inventory.
Result<void> make_root_tree(Context& context, const Variant& variant, const Release& release,
                            const PackageTree& packages,
                            const std::map<std::string, std::filesystem::path>& container_archives,
                            const std::filesystem::path& folder);

/// The file system of a container image in `folder`: package tree, overlays, own programs.
Result<void> make_container_tree(Context& context, const ContainerImage& image,
                                 const PackageTree& packages, const std::filesystem::path& folder);

/// The variant.json of a machine: what its settings model is loaded from.
Json description_of(const Variant& variant);

/// /usr/lib/os-release of a variant.
std::string os_release(const Variant& variant, const Release& release);

/// Copies a program of ours without its debug information.
Result<void> install_program(Context& context, const std::string& name,
                             const std::filesystem::path& folder);

/// The TUF root that machines of this checkout's images trust at first, and carry as
/// /usr/share/updog/root.json: `keys/repository/root.json`, made by the first build or by `./holdfast repo init`.
std::filesystem::path update_root_of(const Context& context);

} // namespace holdfast::image
