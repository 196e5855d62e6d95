#pragma once

#include "io/files.hpp"
#include "update/repository/layout.hpp"

namespace holdfast::publish {

/// Names of the removed files.
using Pruned = std::vector<std::string>;

/// Removes the files of `targets` to which nothing refers that is published or drafted, in any
/// channel: those of versions that were taken back, old manifests, what an interrupted `add` left.
/// A machine that fetches one of them just now has to begin its update anew. Precondition: the
/// repository is locked, as payloads of a build are stored before it is drafted.
///
/// Errors: `invalid` where targets are delegated, as others then say what is offered; `not_found`
/// where there is no repository; those of files.
Result<Pruned> prune(io::Files& files, const Layout& layout);

} // namespace holdfast::publish
