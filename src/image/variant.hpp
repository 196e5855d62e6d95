#pragma once

#include "base/error.hpp"
#include "json/json.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace holdfast::image {

/// Sizes of the partitions in MiB (DESIGN §4).
struct PartitionSizes {
    std::int64_t efi = 16;
    std::int64_t boot = 64;
    std::int64_t root = 512;
    std::int64_t hash = 8;
    std::int64_t private_ = 64;
};

/// A container image that the builder makes from Debian packages and puts into the root tree as
/// /usr/share/holdfast/images/<name>.tar.
struct ContainerImage {
    std::vector<std::string> packages;
    std::vector<std::string> exclude;  ///< Packages that are not extracted, though depended on.
    std::vector<std::string> drop;     ///< As `Variant::drop`.
    std::vector<std::string> overlays; ///< As `Variant::overlays`.
    std::vector<std::string> programs; ///< Own programs, put into /usr/bin.
    std::vector<std::string> entrypoint;
};

/// One image variant: the merged content of variants/<name>.toml and the files it includes.
/// Lists are joined in the order of inclusion, tables merged, and a later scalar wins.
struct Variant {
    std::string name;
    std::string description;
    std::string platform;
    std::string orchestrator;
    std::string kernel_package;
    std::vector<std::string> kernel_parameters;
    std::vector<std::string> initrd_modules; ///< In load order.
    /// What most machines load at boot: unpacking is slow, and the processors are busy then.
    std::vector<std::string> unpacked_modules;
    std::vector<std::string> packages;
    std::vector<std::string> exclude; ///< Packages that are not extracted, though depended on.
    std::vector<std::string> drop;    ///< Glob patterns relative to the root; `**` crosses slashes.
    std::vector<std::string> keep;    ///< Patterns that `drop` doesn't touch.
    std::vector<std::string> overlays; ///< Folders of the checkout that are copied over the root.
    std::vector<std::string> programs; ///< Own programs, put into /usr/bin.
    std::vector<std::string> settings_groups;
    Json settings = Json::object(); ///< The variant's defaults.
    PartitionSizes partitions;
    std::map<std::string, ContainerImage> containers;

    std::map<std::string, std::string> urls; ///< Of os-release: "home-url" and its siblings.

    /// Where it was asked for, "variants/x.toml:12", by what errors call it: `package "systemd"`,
    /// `module "…"`, `overlay "…"`, `program "…"`, `settings group "…"`, "partitions.root",
    /// "settings.kernel.lockdown". Defaults have no place.
    std::map<std::string, std::string> places;

    /// Every file that was read, for the build's keys.
    std::vector<std::filesystem::path> sources;
};

/// Reads a variant file. Errors: `not_found`; `invalid` with file, line and reason for bad TOML,
/// an unknown key, a wrong type, or a missing required key.
Result<Variant> load_variant(const std::filesystem::path& file);

/// The place of what an error's text names in quotes, if the variant asks for it.
std::optional<std::string> place_of_error(const Variant& variant, std::string_view message);

/// Puts that place before the error.
template <typename T>
Result<T> placed(const Variant& variant, Result<T> result)
{
    if (!result.has_value()) {
        if (const auto place = place_of_error(variant, result.error().message())) {
            return std::move(result).while_(*place);
        }
    }
    return result;
}

/// The place of a setting, or of the nearest table above it; the variant's file in the end.
std::string place_of_setting(const Variant& variant, std::string key);

} // namespace holdfast::image
