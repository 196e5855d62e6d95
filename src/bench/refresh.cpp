#include "bench/refresh.hpp"

#include "bench/cost.hpp"
#include "bench/large_repository.hpp"
#include "machine/web_server.hpp"

#include <algorithm>
#include <cstdio>

namespace holdfast::bench {

namespace fs = std::filesystem;

namespace {

constexpr int rounds = 15;

/// The same as `tuf-client refresh`. Arguments: folder of the metadata, their URL.
constexpr auto python_refresh =
    "import sys\n"
    "from tuf.ngclient import Updater\n"
    "Updater(sys.argv[1], sys.argv[2], sys.argv[1], sys.argv[2]).refresh()\n";

Cost median(std::vector<Cost> costs)
{
    const auto middle = [&](double Cost::*part) {
        std::ranges::sort(costs, {}, part);
        return costs[costs.size() / 2].*part;
    };
    return {.wall_seconds = middle(&Cost::wall_seconds),
            .cpu_seconds = middle(&Cost::cpu_seconds),
            .peak_megabytes = middle(&Cost::peak_megabytes)};
}

/// A folder in which only the first root is trusted.
Result<void> start_anew(io::Files& files, const fs::path& folder, const std::string& root)
{
    std::error_code error;
    fs::remove_all(folder, error);
    TRY(files.create_directories(folder));
    return io::replace_file(files, folder / "root.json", root);
}

void print(const char* who, const Cost& cost)
{
    std::printf("%-14s %8.1f ms, %8.1f ms of CPU, %6.1f MB\n", who, cost.wall_seconds * 1e3,
                cost.cpu_seconds * 1e3, cost.peak_megabytes);
}

} // namespace

Result<void> run_refresh(image::Context& context)
{
    auto& files = context.system.files;
    auto& clock = context.system.clock;
    const auto folder = context.output / "bench/refresh";
    std::error_code error;
    fs::remove_all(folder, error);
    TRY(make_large_repository(files, folder / "www"));
    TRY_ASSIGN(const auto root, files.read(folder / "www/1.root.json"));
    TRY_ASSIGN(auto server, machine::WebServer::start(folder / "www", folder / "server"));

    const auto cache = folder / "cache";
    const std::vector<std::string> ours{(context.programs / "tuf-client").native(),
                                        "--metadata-dir", cache.native(), "--metadata-url",
                                        server.url(), "refresh"};
    const std::vector<std::string> theirs{"/usr/bin/python3", "-c", python_refresh, cache.native(),
                                          server.url() + "/"};
    std::vector<Cost> our_costs;
    std::vector<Cost> their_costs;
    for (int round = 0; round < rounds; ++round) {
        TRY(start_anew(files, cache, root));
        TRY_ASSIGN(const auto our_cost, cost_of(clock, ours, (folder / "tuf-client.log").native()));
        our_costs.push_back(our_cost);
        TRY(start_anew(files, cache, root));
        TRY_ASSIGN(const auto their_cost, cost_of(clock, theirs, (folder / "python.log").native()));
        their_costs.push_back(their_cost);
    }
    const auto us = median(our_costs);
    const auto them = median(their_costs);
    std::printf("refresh of %d targets, medians of %d\n", large_repository_targets, rounds);
    print("  tuf-client", us);
    print("  python3-tuf", them);
    const double part = us.wall_seconds / them.wall_seconds;
    std::printf("  as a part of python3-tuf's time   %.3f    <= 0.10  %s\n", part,
                part <= 0.1 ? "kept" : "MISSED");
    std::printf("  as a part of python3-tuf's memory %.3f\n",
                us.peak_megabytes / them.peak_megabytes);
    return {};
}

} // namespace holdfast::bench
