#pragma once

#include "io/clock.hpp"
#include "io/files.hpp"
#include "io/processes.hpp"
#include "update/agent/config.hpp"
#include "update/agent/sources.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace holdfast::update {

/// What updog works with; borrowed for the call. The two makers are called only by commands that
/// need what they make, so that applying a fetched update needs no network.
struct Updog {
    io::Files& files;
    io::Clock& clock;
    io::Processes& processes;
    /// `query` as in `UpdateSource::set_query`. Refreshes the repository's metadata.
    std::function<Result<std::unique_ptr<UpdateSource>>(const UpdogConfig&, std::string query)>
        open_source;
    std::function<Result<std::unique_ptr<BootChoice>>()> open_boot_choice;
};

/// What a command prints, and how it ends.
struct UpdogResult {
    int exit_status = 0;
    std::string output = {}; ///< For standard output.
    std::string notes = {};  ///< For standard error.
};

/// The program updog. Errors are failures of the command (exit status 1); one message each.
Result<UpdogResult> run_updog(const std::vector<std::string>& arguments, const Updog& world);

} // namespace holdfast::update
