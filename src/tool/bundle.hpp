#pragma once

#include "io/system.hpp"

namespace holdfast::tool {

/// Makes `folder`/<name of the program>, which runs the program on hosts with another libc or none
/// of its libraries: a starter script, and in `folder`/lib the program, its libraries and the
/// dynamic linker that they belong to. The program stays dynamically linked, so LD_PRELOAD works.
/// Errors: those of ldd(1) and of copying.
Result<void> bundle_program(io::System& system, const std::filesystem::path& program,
                            const std::filesystem::path& folder);

} // namespace holdfast::tool
