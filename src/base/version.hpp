#pragma once

#include "base/error.hpp"

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast {

/// The version of an image: Semantic Versioning 2.0, "1.26.0", "1.27.0-rc.2+build5". One version
/// has one text, so texts may be compared for equality, and versions for age.
class Version {
public:
    /// Errors: `invalid`, also for leading zeros, numbers over 64 bits, and texts over 128 bytes.
    static Result<Version> parse(std::string_view text);

    const std::string& str() const { return text_; }

    /// Precedence as the specification has it (§11); between versions that differ in build
    /// metadata alone, which it leaves open, the text decides.
    std::strong_ordering operator<=>(const Version& other) const;
    bool operator==(const Version& other) const { return text_ == other.text_; }

private:
    explicit Version(std::string_view text) : text_(text) {}

    std::string text_;
    std::uint64_t major_ = 0;
    std::uint64_t minor_ = 0;
    std::uint64_t patch_ = 0;
    std::string pre_release_;
};

/// `settings.updates.version-lock`: "latest", or the one version to be at.
class VersionLock {
public:
    /// "latest".
    VersionLock() = default;
    explicit VersionLock(Version version) : version_(std::move(version)) {}
    /// "latest" or a version with or without a "v" before it. Errors: `invalid`.
    static Result<VersionLock> parse(std::string_view text);

    /// Nothing stands for "latest".
    const std::optional<Version>& version() const { return version_; }

private:
    std::optional<Version> version_;
};

} // namespace holdfast
