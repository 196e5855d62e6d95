#include "tool/compile.hpp"
#include "tool/verbs.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <filesystem>

namespace holdfast::tool {

namespace {

bool needs_images(const std::string& part)
{
    return part.empty() || part == "vm" || part == "image";
}

/// Each fuzzer runs for a while from its own corpus, which is kept between runs.
Result<int> run_fuzzers(io::System& system, int seconds)
{
    TRY_ASSIGN(const int compiled, compile("fuzz", "fuzzers"));
    if (compiled != 0) {
        return compiled;
    }
    const auto folder = std::filesystem::path(checkout) / "build/fuzz/bin";
    TRY_ASSIGN(const auto names, system.files.list(folder));
    int passed = 0;
    int failed = 0;
    for (const auto& name : names) {
        if (!name.ends_with("_fuzz")) {
            continue;
        }
        const auto corpus = std::filesystem::path("/var/cache/holdfast/corpus") / name;
        TRY(system.files.create_directories(corpus));
        std::printf("%s\n", name.c_str());
        TRY_ASSIGN(const int status,
                   run_here({(folder / name).native(), "-max_total_time=" + std::to_string(seconds),
                             "-timeout=10", "-rss_limit_mb=2048", "-verbosity=0",
                             "-print_final_stats=1", "-artifact_prefix=/tmp/" + name + "-",
                             corpus.native()}));
        (status == 0 ? passed : failed) += 1;
    }
    std::printf("%d passed, %d failed\n", passed, failed);
    return failed == 0 ? 0 : 1;
}

} // namespace

Result<int> test_verb(const CommandLine& arguments, io::System& system)
{
    CLI::App app("Runs the tests: all, or one part. Ends with the runner's closing line.",
                 "holdfast test");
    std::string part;
    std::string filter;
    int seconds = 30;
    app.add_option("part", part, "unit, integration, image, vm or fuzz; all but fuzz if not given")
        ->check(CLI::IsMember({"unit", "integration", "image", "vm", "fuzz"}));
    app.add_option("--only", filter, "only tests whose name matches this regular expression");
    app.add_option("--seconds", seconds, "how long each fuzzer runs")->capture_default_str();
    try {
        app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
    } catch (const CLI::ParseError& problem) {
        return app.exit(problem) == 0 ? 0 : 2;
    }
    if (part == "fuzz") {
        return run_fuzzers(system, seconds);
    }
    if (needs_images(part)) {
        TRY(build_image(system, "metal-dev"));
        TRY(build_image(system, "metal-host"));
    }
    TRY_ASSIGN(const int compiled, compile("dev", "all"));
    if (compiled != 0) {
        return compiled;
    }
    std::vector<std::string> ctest{"ctest", "--test-dir", std::string(checkout) + "/build/dev",
                                   "--output-on-failure", "--parallel", "3"};
    if (!part.empty()) {
        ctest.insert(ctest.end(), {"--label-regex", "^" + part + "$"});
    }
    if (!filter.empty()) {
        ctest.insert(ctest.end(), {"--tests-regex", filter});
    }
    ctest.emplace_back("--no-tests=error");
    return run_here(ctest);
}

} // namespace holdfast::tool
