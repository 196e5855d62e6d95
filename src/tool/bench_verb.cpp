#include "tool/compile.hpp"
#include "tool/verbs.hpp"

#include "bench/bench.hpp"
#include "bench/debian.hpp"
#include "bench/delta.hpp"
#include "bench/marks.hpp"
#include "bench/refresh.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <string_view>
#include <utility>

namespace holdfast::tool {

namespace {

/// A program that is measured, as it would ship.
Result<void> build_program(const std::string& name)
{
    TRY_ASSIGN(const int compiled, compile("release", name));
    if (compiled != 0) {
        return fail(Errc::invalid, "{} does not compile", name);
    }
    return {};
}

/// The same build again, with nothing changed.
Result<double> seconds_of_rebuild(io::System& system)
{
    const auto start = system.clock.monotonic_now();
    TRY(build_image(system, "metal-dev"));
    return std::chrono::duration<double>(system.clock.monotonic_now() - start).count();
}

/// `bench delta`: two releases, and what brings the second over the first.
Result<int> bench_delta(const CommandLine& arguments, io::System& system)
{
    CLI::App app("Counts the bytes of an update beside casync, zchunk and RAUC's adaptive method, "
                 "for two releases that differ by some files: by default openssl, libssl and libcurl "
                 "of trixie and of testing.",
                 "holdfast bench delta");
    bench::DeltaPlan plan{.build = "out/metal-dev/latest", .old_files = {}, .new_files = {}};
    app.add_option("--build", plan.build, "prefix of a built image")->capture_default_str();
    auto* first =
        app.add_option("--old", plan.old_files, "folder laid over its root for the first release")
            ->check(CLI::ExistingDirectory);
    auto* second =
        app.add_option("--new", plan.new_files, "folder laid over that for the second release")
            ->check(CLI::ExistingDirectory)
            ->needs(first);
    first->needs(second);
    try {
        app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
    } catch (const CLI::ParseError& problem) {
        return app.exit(problem) == 0 ? 0 : 2;
    }
    TRY(build_program("prepare-bench"));
    TRY_ASSIGN(auto context, make_context(system));
    if (plan.old_files.empty()) {
        plan.old_files = context.cache / "bench" / image::released_suite;
        plan.new_files = context.cache / "bench/testing";
        TRY(bench::unpack_changed_files(context, image::released_suite, plan.old_files));
        TRY(bench::unpack_changed_files(context, "testing", plan.new_files));
    }
    TRY(bench::run_delta(context, plan));
    return 0;
}

/// `bench refresh`: what metadata of a large repository costs.
Result<int> bench_refresh(const CommandLine& /*arguments*/, io::System& system)
{
    TRY(build_program("tuf-client"));
    TRY_ASSIGN(auto context, make_context(system));
    TRY(bench::run_refresh(context));
    return 0;
}

std::filesystem::path payload_of(const image::Built& built, std::string_view suffix)
{
    return built.folder / (built.prefix + std::string(suffix));
}

std::filesystem::path root_of(const image::Built& built)
{
    return payload_of(built, "-root.erofs");
}

/// `bench native`: what needs no machine.
Result<int> bench_native(const CommandLine& /*arguments*/, io::System& system)
{
    TRY_ASSIGN(const auto built, build_image(system, "metal-dev"));
    TRY(build_program("enter-root"));
    TRY_ASSIGN(auto context, make_context(system));
    TRY(bench::run_native(context, root_of(built)));
    return 0;
}

/// Whether both builds have the same payloads. All that a machine runs is in them.
Result<void> print_comparison(const image::Built& one, const image::Built& other)
{
    bool identical = true;
    for (const auto* suffix : {"-root.erofs", "-hash.verity", "-boot.efi"}) {
        TRY_ASSIGN(const auto first, crypto::sha256_of_file(payload_of(one, suffix)));
        TRY_ASSIGN(const auto second, crypto::sha256_of_file(payload_of(other, suffix)));
        identical = identical && first == second;
    }
    std::printf("%-62s %9s\n", "its payloads identical to those of the build before",
                identical ? "yes" : "NO");
    return {};
}

/// `bench build`: a first build on a machine that has the SDK tree and nothing else: no compiler
/// cache, no packages, no unpacked trees. That gives two builds of one commit, whose bytes are
/// compared.
Result<int> bench_build(const CommandLine& /*arguments*/, io::System& system)
{
    const std::filesystem::path folder = "/tmp/holdfast-bench-build";
    std::error_code error;
    std::filesystem::remove_all(folder, error);
    TRY_ASSIGN(auto context, make_context(system));
    TRY_ASSIGN(const auto file, find_variant(system, "metal-dev"));
    TRY_ASSIGN(const auto variant, image::load_variant(file));
    TRY_ASSIGN(const auto before, build_image(system, "metal-dev"));
    const auto start = system.clock.monotonic_now();
    const auto compiled = folder / "build";
    for (const auto& command : std::vector<std::vector<std::string>>{
             {"cmake", "--preset", "release", "-B", compiled.native()},
             {"ninja", "--quiet", "-C", compiled.native()}}) {
        std::vector<std::string> arguments{"env", "CCACHE_DISABLE=1"};
        arguments.insert(arguments.end(), command.begin(), command.end());
        TRY_ASSIGN(const int status, run_here(arguments));
        if (status != 0) {
            return status;
        }
    }
    context.programs = compiled / "bin";
    context.output = folder / "out";
    context.cache = folder / "cache";
    TRY_ASSIGN(const auto built, image::build_variant(context, variant));
    const double seconds =
        std::chrono::duration<double>(system.clock.monotonic_now() - start).count();
    bench::print_mark("full build without SDK", seconds, "s", 600);
    TRY(print_comparison(before, built));
    std::filesystem::remove_all(folder, error);
    return 0;
}

/// `bench update`: how long an update and a fall-back take. A test has all that is needed for that.
Result<int> bench_update(const CommandLine& /*arguments*/, io::System& system)
{
    TRY(build_image(system, "metal-dev"));
    for (const auto* target : {"vm_test", "holdfast"}) {
        TRY_ASSIGN(const int compiled, compile("dev", target));
        if (compiled != 0) {
            return compiled;
        }
    }
    return run_here({std::string(checkout) + "/build/dev/bin/vm_test",
                     "--gtest_filter=UpdateTimes.*"});
}

/// `bench power-cut`: at how many points of an update the power is cut, and whether all held. A
/// test does that, and counts; this shows what it counted.
Result<int> bench_power_cut(const CommandLine& /*arguments*/, io::System& /*system*/)
{
    TRY_ASSIGN(const int compiled, compile("dev", "update_slots_test"));
    if (compiled != 0) {
        return compiled;
    }
    return run_here({std::string(checkout) + "/build/dev/bin/update_slots_test",
                     "--gtest_filter=*UpdatePowerCut.*", "--gtest_brief=1"});
}

/// `bench`: boots of the machine and of its peer.
Result<int> bench_boots(const CommandLine& arguments, io::System& system)
{
    CLI::App app("Measures metal-dev beside a stock Debian 13 with containerd, and prints a table "
                 "of figures and marks. `bench delta` counts an update's bytes, `bench refresh` "
                 "times the metadata of 1,000 targets, `bench update` times a machine's update and "
                 "its fall-back, `bench power-cut` counts the points at which an update is cut "
                 "off, `bench native` measures what needs no machine, `bench build` a build from "
                 "nothing; `bench all` does all of it, in half an hour.",
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
    TRY(build_program("enter-root"));
    TRY_ASSIGN(const double rebuild, seconds_of_rebuild(system));
    TRY_ASSIGN(auto context, make_context(system));
    TRY_ASSIGN(const auto peer, bench::make_debian_image(context, bench::containerd_peer()));
    TRY(bench::run(context, {.image = built.disk_image(),
                             .manifest = built.folder / (built.prefix + "-manifest.json"),
                             .root = root_of(built),
                             .peer = peer,
                             .boots = boots}));
    bench::print_mark("rebuild of the image with no change", rebuild, "s", 3);
    return 0;
}

using Part = Result<int> (*)(const CommandLine& arguments, io::System& system);

constexpr std::array<std::pair<std::string_view, Part>, 6> parts{{{"delta", bench_delta},
                                                                  {"refresh", bench_refresh},
                                                                  {"update", bench_update},
                                                                  {"power-cut", bench_power_cut},
                                                                  {"native", bench_native},
                                                                  {"build", bench_build}}};

/// Everything, one after the other; the boots show what `native` would.
Result<int> bench_all(io::System& system)
{
    TRY_ASSIGN(int worst, bench_boots({}, system));
    for (const auto& [name, part] : parts) {
        if (name != "native") {
            TRY_ASSIGN(const int status, part({}, system));
            worst = std::max(worst, status);
        }
    }
    return worst;
}

} // namespace

Result<int> bench_verb(const CommandLine& arguments, io::System& system)
{
    if (arguments.empty()) {
        return bench_boots(arguments, system);
    }
    if (arguments.front() == "all") {
        return bench_all(system);
    }
    const auto part = std::ranges::find_if(
        parts, [&](const auto& entry) { return entry.first == arguments.front(); });
    return part == parts.end() ? bench_boots(arguments, system)
                               : part->second({arguments.begin() + 1, arguments.end()}, system);
}

} // namespace holdfast::tool
