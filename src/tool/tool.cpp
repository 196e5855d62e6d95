#include "tool/tool.hpp"

#include "tool/verbs.hpp"

#include <cstdio>

namespace holdfast::tool {

namespace {

struct Verb {
    std::string_view name;
    std::string_view summary;
    Result<int> (*run)(const CommandLine&, io::System&);
};

constexpr Verb verbs[] = {
    {"run", "build the image, boot it in QEMU, show its console", run_verb},
    {"stop", "shut the running machine down", stop_verb},
    {"apiclient", "run apiclient against the running machine", apiclient_verb},
    {"check", "validate a user data file against a variant", check_verb},
    {"build", "build an image variant into out/<variant>/", build_verb},
    {"repo", "publish images for machines to update from, and sign", repo_verb},
    {"test", "run the tests: all, or unit, integration, image, vm, fuzz", test_verb},
    {"bench", "measure boot time, memory, sizes and speed beside a stock Debian", bench_verb},
    {"clean", "remove build/ and out/ (--cache: the cached packages too)", clean_verb},
};

void print_usage(std::FILE* stream)
{
    std::fputs("usage: ./holdfast VERB [OPTION]…\n\n", stream);
    for (const auto& verb : verbs) {
        std::fprintf(stream, "  %-10.*s %.*s\n", static_cast<int>(verb.name.size()),
                     verb.name.data(), static_cast<int>(verb.summary.size()), verb.summary.data());
    }
    std::fputs("  shell      run a command (or bash) inside the SDK tree\n"
               "\n./holdfast VERB --help tells the options of a verb.\n",
               stream);
}

} // namespace

Result<int> run(const CommandLine& arguments, io::System& system)
{
    if (arguments.empty() || arguments[0] == "--help" || arguments[0] == "-h") {
        print_usage(arguments.empty() ? stderr : stdout);
        return arguments.empty() ? 2 : 0;
    }
    for (const auto& verb : verbs) {
        if (verb.name == arguments[0]) {
            return verb.run(CommandLine(arguments.begin() + 1, arguments.end()), system);
        }
    }
    std::fprintf(stderr, "holdfast: unknown verb \"%s\"\n\n", arguments[0].c_str());
    print_usage(stderr);
    return 2;
}

} // namespace holdfast::tool
