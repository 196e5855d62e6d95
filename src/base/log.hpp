#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace holdfast::log {

/// One `key=value` pair of a log line. The value is quoted where it holds spaces or quotes, and
/// control characters are escaped, so that foreign text cannot forge a line.
struct Field {
    std::string_view key;
    std::string value;
};

enum class Level { error, warning, info, debug };

/// Lines below this level are dropped. `info` at start.
void set_level(Level level);

/// Whether lines carry the level prefix that journald reads ("<6>"). Off at start: people read
/// standard error too. `run_program` switches it on under systemd.
void set_journal_prefix(bool on);

/// Writes one line to standard error.
void write(Level level, std::string_view event, std::initializer_list<Field> fields);

/// We could not do what was asked.
inline void error(std::string_view event, std::initializer_list<Field> fields = {})
{
    write(Level::error, event, fields);
}
/// Odd, and we went on; the text says so.
inline void warning(std::string_view event, std::initializer_list<Field> fields = {})
{
    write(Level::warning, event, fields);
}
/// A change of state that an operator wants to see.
inline void info(std::string_view event, std::initializer_list<Field> fields = {})
{
    write(Level::info, event, fields);
}
inline void debug(std::string_view event, std::initializer_list<Field> fields = {})
{
    write(Level::debug, event, fields);
}

/// The line without its prefix and newline; for tests and for consoles.
std::string format_line(std::string_view event, std::initializer_list<Field> fields);

} // namespace holdfast::log
