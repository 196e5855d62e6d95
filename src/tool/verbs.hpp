#pragma once

#include "image/build.hpp"
#include "io/posix/run_program.hpp"
#include "machine/run_verb.hpp"
#include "settings/model.hpp"

namespace holdfast::tool {

/// Each takes the arguments after the verb, prints its own --help, and returns the exit status.
Result<int> bench_verb(const CommandLine& arguments, io::System& system);
Result<int> build_verb(const CommandLine& arguments, io::System& system);
Result<int> run_verb(const CommandLine& arguments, io::System& system);
Result<int> stop_verb(const CommandLine& arguments, io::System& system);
Result<int> apiclient_verb(const CommandLine& arguments, io::System& system);
Result<int> check_verb(const CommandLine& arguments, io::System& system);
Result<int> repo_verb(const CommandLine& arguments, io::System& system);
Result<int> test_verb(const CommandLine& arguments, io::System& system);
Result<int> clean_verb(const CommandLine& arguments, io::System& system);

/// The checkout inside the SDK tree.
inline constexpr auto checkout = "/src/holdfast";

/// The builder's context, from what the entry script put into the environment.
Result<image::Context> make_context(io::System& system);

/// variants/<name>.toml, or the file itself when `name` has a slash. Errors: `not_found` with the
/// variants that there are.
Result<std::filesystem::path> find_variant(io::System& system, const std::string& name);

/// The model with the variant's groups and defaults. Errors: `invalid`, with file and line, for a
/// group that does not exist and a default that is no setting of the variant or not a value that it
/// takes.
Result<settings::Model> load_model(const image::Variant& variant);

/// Compiles the programs that a variant needs and builds it. What `build`, `run` and the tests do.
Result<image::Built> build_image(io::System& system, const std::string& variant_name);

using machine::user_path;

} // namespace holdfast::tool
