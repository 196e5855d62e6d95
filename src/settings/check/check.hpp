#pragma once

#include "base/error.hpp"
#include "settings/model.hpp"

#include <ostream>
#include <string_view>

namespace holdfast::settings {

/// Checks user data as a machine with this model would take it. Writes a line per problem to
/// `out`, in the order of the file:
///
///     user-data.toml:7: settings.kernel.lockdwn: unknown setting (did you mean lockdown?)
///
/// `name` stands for the file in those lines; where no line is to blame, the number is left out.
/// Returns the exit status for a program: 0 when all is fine, 1 when there are problems. Text that
/// is no user data at all is one problem, so no content of the file makes this fail.
Result<int> check_user_data(std::string_view name, std::string_view bytes, const Model& model,
                            std::ostream& out);

} // namespace holdfast::settings
