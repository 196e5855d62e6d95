#include "base/utc_time.hpp"

#include <algorithm>
#include <optional>

namespace holdfast {

namespace {

/// Takes the parts of a text of fixed form off its front.
class Cursor {
public:
    explicit Cursor(std::string_view text) : rest_(text) {}

    /// Exactly `digits` decimal digits with a value in [`lowest`, `highest`].
    bool number(std::size_t digits, int lowest, int highest, int& value)
    {
        if (rest_.size() < digits || !std::ranges::all_of(rest_.substr(0, digits), is_digit)) {
            return false;
        }
        value = 0;
        for (const char digit : rest_.substr(0, digits)) {
            value = 10 * value + (digit - '0');
        }
        rest_.remove_prefix(digits);
        return value >= lowest && value <= highest;
    }

    bool one_of(std::string_view choices)
    {
        if (rest_.empty() || !choices.contains(rest_.front())) {
            return false;
        }
        last_ = rest_.front();
        rest_.remove_prefix(1);
        return true;
    }

    /// A dot with at least one digit, or nothing.
    bool fraction()
    {
        if (!one_of(".")) {
            return true;
        }
        const auto digits =
            static_cast<std::size_t>(std::ranges::find_if_not(rest_, is_digit) - rest_.begin());
        rest_.remove_prefix(digits);
        return digits > 0;
    }

    char last() const { return last_; }
    bool at_end() const { return rest_.empty(); }

private:
    static bool is_digit(char c) { return c >= '0' && c <= '9'; }

    std::string_view rest_;
    char last_ = 0;
};

std::optional<std::chrono::sys_days> read_date(Cursor& cursor)
{
    int year = 0;
    int month = 0;
    int day = 0;
    if (!cursor.number(4, 0, 9999, year) || !cursor.one_of("-") ||
        !cursor.number(2, 1, 12, month) || !cursor.one_of("-") || !cursor.number(2, 1, 31, day)) {
        return std::nullopt;
    }
    const std::chrono::year_month_day date{std::chrono::year(year),
                                           std::chrono::month(static_cast<unsigned>(month)),
                                           std::chrono::day(static_cast<unsigned>(day))};
    return date.ok() ? std::optional(std::chrono::sys_days(date)) : std::nullopt;
}

std::optional<std::chrono::seconds> read_time(Cursor& cursor)
{
    int hour = 0;
    int minute = 0;
    int second = 0;
    if (!cursor.number(2, 0, 23, hour) || !cursor.one_of(":") || !cursor.number(2, 0, 59, minute) ||
        !cursor.one_of(":") || !cursor.number(2, 0, 60, second) || !cursor.fraction()) {
        return std::nullopt;
    }
    return std::chrono::hours(hour) + std::chrono::minutes(minute) +
           std::chrono::seconds(std::min(second, 59));
}

/// How far local time is ahead of UTC.
std::optional<std::chrono::seconds> read_offset(Cursor& cursor)
{
    if (cursor.one_of("Zz")) {
        return std::chrono::seconds(0);
    }
    int hours = 0;
    int minutes = 0;
    if (!cursor.one_of("+-")) {
        return std::nullopt;
    }
    const int sign = cursor.last() == '-' ? -1 : 1;
    if (!cursor.number(2, 0, 23, hours) || !cursor.one_of(":") ||
        !cursor.number(2, 0, 59, minutes)) {
        return std::nullopt;
    }
    return sign * (std::chrono::hours(hours) + std::chrono::minutes(minutes));
}

} // namespace

Result<std::chrono::sys_seconds> parse_utc_time(std::string_view text)
{
    Cursor cursor(text);
    const auto date = read_date(cursor);
    if (date && cursor.one_of("Tt ")) {
        const auto time = read_time(cursor);
        const auto offset = time ? read_offset(cursor) : std::nullopt;
        if (offset && cursor.at_end()) {
            return *date + *time - *offset;
        }
    }
    return fail(Errc::invalid, "expected a time such as 2024-01-31T12:00:00Z");
}

std::string utc_text(std::chrono::sys_seconds time)
{
    return std::format("{:%FT%TZ}", time);
}

} // namespace holdfast
