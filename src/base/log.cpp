#include "base/log.hpp"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <format>

namespace holdfast::log {

namespace {

std::atomic<Level> least_level = Level::info;
std::atomic<bool> journal_prefix = false;

char journal_priority(Level level)
{
    switch (level) {
    case Level::error: return '3';
    case Level::warning: return '4';
    case Level::info: return '6';
    case Level::debug: return '7';
    }
    return '6';
}

bool is_plain(char c)
{
    return c > ' ' && c != '"' && c != '\\' && c != 0x7f;
}

void append_value(std::string& line, std::string_view value)
{
    if (!value.empty() && std::ranges::all_of(value, is_plain)) {
        line += value;
        return;
    }
    line += '"';
    for (const char c : value) {
        if (c == '"' || c == '\\') {
            line += '\\';
            line += c;
        } else if (c == '\n') {
            line += "\\n";
        } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
            line += std::format("\\x{:02x}", static_cast<unsigned char>(c));
        } else {
            line += c;
        }
    }
    line += '"';
}

} // namespace

void set_level(Level level)
{
    least_level = level;
}

void set_journal_prefix(bool on)
{
    journal_prefix = on;
}

std::string format_line(std::string_view event, std::initializer_list<Field> fields)
{
    std::string line(event);
    for (const auto& field : fields) {
        line += ' ';
        line += field.key;
        line += '=';
        append_value(line, field.value);
    }
    return line;
}

void write(Level level, std::string_view event, std::initializer_list<Field> fields)
{
    if (level > least_level.load()) {
        return;
    }
    const auto prefix = journal_prefix ? std::format("<{}>", journal_priority(level)) : "";
    const auto line = std::format("{}{}\n", prefix, format_line(event, fields));
    std::fwrite(line.data(), 1, line.size(), stderr);
}

} // namespace holdfast::log
