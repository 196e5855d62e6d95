#pragma once

#include "base/error.hpp"
#include "json/json.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::user_data {

/// No user data is longer than this, packed or unpacked; also the API's limit for one request.
inline constexpr std::size_t largest = 2U << 20;

/// A setting with a value that none can have, such as a date.
struct Misfit {
    std::string key; ///< As in `UserData::lines`.
    int line = 0;
    std::string message;
};

/// What a machine's user data says.
struct UserData {
    /// The settings object, without the outer "settings"; not yet judged by a model.
    Json settings = Json::object();
    /// The line (from 1) of each key, by its full dotted name as `settings::Problem::key` has it.
    std::map<std::string, int> lines;
    /// Left out of `settings`.
    std::vector<Misfit> misfits;
};

/// Why user data cannot be read at all.
struct Unreadable {
    int line = 0; ///< From 1; 0 where no line is to blame.
    Error error;
};

/// Reads TOML with a `settings` table; other top-level tables are ignored. The bytes may be packed
/// with gzip, written in base64, or both (base64 of gzip). Blank bytes are a document without
/// settings.
Fallible<UserData, Unreadable> read_user_data(std::string_view bytes);

/// The same. Errors: `invalid`, the message naming the line ("line 3: …"); `too_large`.
Result<UserData> parse_user_data(std::string_view bytes);

} // namespace holdfast::user_data
