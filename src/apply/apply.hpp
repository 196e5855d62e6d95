#pragma once

#include "apply/plan.hpp"
#include "io/files.hpp"
#include "io/processes.hpp"
#include "json/json.hpp"

#include <string>
#include <vector>

namespace holdfast::apply {

/// What became of one file or service.
struct Item {
    std::string name;
    std::string path;   ///< Of a file.
    std::string status; ///< File: written, unchanged, kept, failed. Service: restarted, failed.
    std::string error;
};

struct Report {
    std::vector<Item> files = {};
    std::vector<Item> services = {};
    /// In one sentence what went wrong, else empty.
    std::string error = {};

    Json to_json() const;
};

/// What a run is for.
enum class Occasion {
    change,     ///< A file that cannot be rendered stops everything before anything was written.
    everything, ///< Such a file is left out, and nothing else suffers.
    boot,       ///< So it is; and a service whose files are all as the image has them is left alone.
};

/// What files are made from: the nested settings and the /os object.
struct Facts {
    Json settings;
    Json os;
};

/// Renders the plan's files, writes those that changed, and runs the services' restart commands. A
/// command that fails ends its own service's list and is reported; other services go on.
/// Never throws anything away: a file is old or new, whole, also over a power cut.
Report apply(const settings::Model& model, const Plan& plan, const Facts& facts,
             Occasion occasion, io::Files& files, io::Processes& processes);

} // namespace holdfast::apply
