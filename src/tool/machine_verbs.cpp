#include "tool/verbs.hpp"

#include "machine/run_verb.hpp"

namespace holdfast::tool {

namespace {

Result<std::filesystem::path> make_image(io::System& system, const std::string& variant)
{
    TRY_ASSIGN(const auto built, build_image(system, variant));
    return built.disk_image();
}

} // namespace

Result<int> run_verb(const CommandLine& arguments, io::System& system)
{
    return machine::run_verb(arguments, system, make_image);
}

Result<int> stop_verb(const CommandLine& arguments, io::System& system)
{
    return machine::stop_verb(arguments, system);
}

Result<int> apiclient_verb(const CommandLine& arguments, io::System& system)
{
    return machine::apiclient_verb(arguments, system);
}

} // namespace holdfast::tool
