#pragma once

#include "base/error.hpp"

#include <map>
#include <string>
#include <string_view>

namespace holdfast {

/// The architecture that this program was compiled for, as the API names it: "x86_64".
std::string_view running_architecture();

/// What os-release(5) says about the running image.
class OsRelease {
public:
    /// Takes any text; lines that assign nothing are passed over.
    static OsRelease parse(std::string_view text);
    /// The value of "VERSION_ID" and its kin, without quotes. Errors: `internal` naming the
    /// variable: an image without it was built wrongly.
    Result<std::string> value(std::string_view variable) const;

private:
    std::map<std::string, std::string, std::less<>> values_;
};

} // namespace holdfast
