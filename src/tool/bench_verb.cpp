#include "tool/verbs.hpp"

#include "bench/bench.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>

namespace holdfast::tool {

namespace {

/// The same build again, with nothing changed.
Result<double> seconds_of_rebuild(io::System& system)
{
    const auto start = system.clock.monotonic_now();
    TRY(build_image(system, "metal-dev"));
    return std::chrono::duration<double>(system.clock.monotonic_now() - start).count();
}

} // namespace

Result<int> bench_verb(const CommandLine& arguments, io::System& system)
{
    CLI::App app("Measures metal-dev beside a stock Debian 13 with containerd, and prints a table "
                 "of figures and marks.",
                 "holdfast bench");
    int boots = 3;
    app.add_option("--boots", boots, "boots of each machine; medians are shown")
        ->check(CLI::Range(1, 50))
        ->capture_default_str();
    try {
        app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
    } catch (const CLI::ParseError& problem) {
        return app.exit(problem) == 0 ? 0 : 2;
    }
    TRY_ASSIGN(const auto built, build_image(system, "metal-dev"));
    TRY_ASSIGN(const double rebuild, seconds_of_rebuild(system));
    TRY_ASSIGN(auto context, make_context(system));
    TRY_ASSIGN(const auto peer, bench::make_peer_image(context));
    TRY(bench::run(context, {.image = built.disk_image(),
                             .manifest = built.folder / (built.prefix + "-manifest.json"),
                             .peer = peer,
                             .boots = boots}));
    std::printf("%-62s %9.2f s    <= 3.00    %s\n", "rebuild of the image with no change", rebuild,
                rebuild <= 3 ? "kept" : "MISSED");
    return 0;
}

} // namespace holdfast::tool
