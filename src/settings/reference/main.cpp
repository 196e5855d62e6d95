// Prints what the settings' declarations say: the reference page (docs/settings.md), or with
// --schema the JSON Schema of user data, of all groups that this checkout has.

#include "io/posix/run_program.hpp"
#include "settings/model.hpp"

#include <iostream>

namespace {

using namespace holdfast;

Result<int> run(const CommandLine& arguments, io::System&)
{
    const bool wants_schema = arguments == CommandLine{"--schema"};
    if (!arguments.empty() && !wants_schema) {
        std::cerr << "usage: settings-reference [--schema]\n";
        return 2;
    }
    const Json variant = {{"groups", settings::Model::known_groups()}};
    TRY_ASSIGN(const auto model, settings::Model::load(to_text(variant)));
    std::cout << (wants_schema ? to_pretty_text(model.schema()) + "\n" : model.reference_page());
    std::cout.flush();
    if (!std::cout) {
        return fail(Errc::io, "writing to standard output");
    }
    return 0;
}

} // namespace

int main(int argc, char** argv)
{
    return run_program(argc, argv, run);
}
