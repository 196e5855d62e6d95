#pragma once

#include "base/error.hpp"
#include "io/random.hpp"

#include <string>
#include <vector>

namespace holdfast::bork {

/// `bork seed`: a random place in the order of a fleet's updates, as a JSON number.
/// Errors: `invalid` for anything else.
Result<std::string> run(const std::vector<std::string>& arguments, io::Random& random);

} // namespace holdfast::bork
