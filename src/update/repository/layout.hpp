#pragma once

#include "update/manifest/manifest.hpp"
#include "update/tuf/model.hpp"

#include <compare>
#include <filesystem>
#include <string>

/// The repository tool: what is published for machines to update from.
namespace holdfast::publish {

/// The machines that share one set of metadata.
struct Channel {
    std::string variant;
    std::string arch;
    auto operator<=>(const Channel&) const = default;

    /// "metal-host/x86_64"
    std::string str() const { return variant + "/" + arch; }
};

/// Where everything lies below the repository's folder. `metadata` and `targets` are what a web
/// server needs; `drafts` is what waits for signatures.
class Layout {
public:
    explicit Layout(std::filesystem::path folder) : folder_(std::move(folder)) {}

    const std::filesystem::path& folder() const { return folder_; }
    /// Held by who changes the repository.
    std::filesystem::path lock() const { return folder_ / ".lock"; }
    std::filesystem::path targets() const { return folder_ / "targets"; }
    std::filesystem::path all_metadata() const { return folder_ / "metadata"; }
    std::filesystem::path metadata(const Channel& channel) const
    {
        return all_metadata() / channel.variant / channel.arch;
    }
    /// The chain of roots, from which each channel gets its copies.
    std::filesystem::path roots() const { return folder_ / "roots"; }
    std::filesystem::path root_draft() const { return folder_ / "drafts/root.json"; }
    std::filesystem::path drafts(const Channel& channel) const
    {
        return folder_ / "drafts" / channel.variant / channel.arch;
    }

private:
    std::filesystem::path folder_;
};

} // namespace holdfast::publish
