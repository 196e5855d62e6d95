#pragma once

#include "test_machine.hpp"

#include <set>
#include <string>
#include <vector>

namespace holdfast::vm {

/// Versions 1.0.0, 1.1.0 and 1.2.0 of the variant under test, made of the programs of this checkout. They differ
/// in their version and in a migration each (migrations.hpp). And 1.9.0, which goes wrong in the way
/// that settings.motd names: "panic", "hang" and "service" before the boot is judged, "bad migration" by a value
/// that the model refuses. Built once per commit into out/test-releases/.
class Releases {
public:
    static Result<Releases>
    build(const std::set<std::string>& wanted = {"1.0.0", "1.1.0", "1.2.0", "1.9.0"});

    std::filesystem::path image(const std::string& version) const;
    /// The build's manifest, relative to the checkout.
    std::string manifest(const std::string& version) const;

private:
    std::map<std::string, std::string> prefixes_; ///< Of a build's files, by version.
};

/// A repository that `./holdfast repo` makes, signed with the keys that the images trust.
class Repository {
public:
    /// Empty. `name` is that of a folder below out/test-logs/.
    static Result<Repository> create(const std::string& name);
    /// One with keys of its own, which no image trusts. `options` are those of `repo init`.
    static Result<Repository> create_foreign(const std::string& name,
                                             const std::vector<std::string>& options = {});

    Result<void> add(const Releases& releases, const std::string& version,
                     const std::vector<std::string>& migrates_from,
                     const std::vector<std::string>& more = {});
    /// `./holdfast repo <arguments>` on this repository; what it prints.
    Result<std::string> run(std::vector<std::string> arguments);
    std::filesystem::path folder() const;
    /// The file of a target whose name ends so, of a version.
    Result<std::filesystem::path> target(const std::string& version, const std::string& end) const;

private:
    explicit Repository(std::string relative, std::string keys)
        : relative_(std::move(relative)), keys_(std::move(keys))
    {
    }
    std::string relative_;
    std::string keys_; ///< Relative to the checkout; empty: the checkout's own.
};

} // namespace holdfast::vm
