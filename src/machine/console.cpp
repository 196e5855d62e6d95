#include "machine/console.hpp"

#include "base/text.hpp"
#include "crypto/sha256.hpp"

#include <algorithm>
#include <charconv>
#include <format>
#include <optional>
#include <regex>

namespace holdfast::machine {

namespace {

constexpr auto read_interval = std::chrono::milliseconds{50};
/// Before a damaged answer is asked for again; and where not even its last mark arrived, which a command
/// that takes long looks like.
constexpr auto show_again = std::chrono::milliseconds{300};
constexpr auto show_again_unasked = std::chrono::seconds{20};
constexpr std::size_t log_limit = 64U << 20;
/// A matching line is cut here: std::regex recurses once per character.
constexpr std::size_t line_limit = 4096;

Result<std::regex> compile(const std::string& pattern)
{
    try {
        return std::regex(pattern);
    } catch (const std::regex_error& problem) {
        return fail(Errc::invalid, "the pattern {}: {}", pattern, problem.what());
    }
}

/// The end of the escape sequence that starts at `at` (ECMA-48: CSI, OSC, or a single character).
std::size_t end_of_escape(std::string_view text, std::size_t at)
{
    if (at + 1 >= text.size()) {
        return text.size();
    }
    if (text[at + 1] == '[') {
        auto end = at + 2;
        while (end < text.size() && (text[end] < '@' || text[end] > '~')) {
            ++end;
        }
        return std::min(end + 1, text.size());
    }
    if (text[at + 1] == ']') {
        auto end = at + 2;
        while (end < text.size() && text[end] != '\a' && text[end] != '\x1b') {
            ++end;
        }
        return end < text.size() && text[end] == '\x1b' ? std::min(end + 2, text.size())
                                                        : std::min(end + 1, text.size());
    }
    return at + 2;
}

std::string last_lines(std::string_view text)
{
    constexpr std::size_t shown = 1500;
    auto plain = plain_text(text.substr(text.size() - std::min(text.size(), 2 * shown)));
    return plain.size() > shown ? plain.substr(plain.size() - shown) : plain;
}

} // namespace

std::string plain_text(std::string_view terminal_text)
{
    std::string plain;
    for (std::size_t at = 0; at < terminal_text.size();) {
        const char c = terminal_text[at];
        if (c == '\x1b') {
            at = end_of_escape(terminal_text, at);
            continue;
        }
        if (c == '\n' || c == '\t' || static_cast<unsigned char>(c) >= 0x20) {
            plain += c;
        }
        ++at;
    }
    return plain;
}

std::optional<ShellAnswer> find_shell_answer(std::string_view text, int tag)
{
    const auto begin_mark = std::format("<answer-{}>", tag);
    const auto end_mark = std::format("</answer-{}=", tag);
    const auto end = text.rfind(end_mark);
    const auto close = end == std::string_view::npos ? end : text.find('>', end);
    if (close == std::string_view::npos) {
        return std::nullopt;
    }
    ShellAnswer answer;
    const auto begin = text.substr(0, end).rfind(begin_mark);
    if (begin == std::string_view::npos) {
        return answer; // Its first mark is damaged.
    }
    auto body = std::string(text.substr(begin, end - begin).substr(begin_mark.size()));
    std::erase(body, '\r'); // The terminal's.
    body.erase(0, body.starts_with('\n') ? 1 : 0);
    // "</answer-1=0 <SHA-256>  ->", the last two words as sha256sum writes them.
    const auto words = split(text.substr(0, close).substr(end + end_mark.size()), ' ');
    const auto& status = words.front();
    std::from_chars(status.data(), status.data() + status.size(), answer.exit_status);
    answer.intact = words.size() > 1 && words[1] == crypto::sha256(body).hex();
    answer.output = trimmed(plain_text(body));
    return answer;
}

Result<std::string> Console::text()
{
    if (!files_->exists(log_)) {
        return std::string{};
    }
    return files_->read(log_, log_limit);
}

Result<void> Console::skip_to_end()
{
    TRY_ASSIGN(const auto all, text());
    seen_ = all.size();
    return {};
}

Result<std::string> Console::wait_for(const std::string& pattern, std::chrono::milliseconds limit)
{
    TRY_ASSIGN(const auto expression, compile(pattern));
    const auto deadline = clock_->monotonic_now() + limit;
    std::size_t at = seen_;
    for (;;) {
        TRY_ASSIGN(const auto all, text());
        while (at < all.size()) {
            const auto newline = all.find('\n', at);
            const auto end = std::min(newline, all.size());
            const auto line = plain_text(std::string_view(all).substr(at, end - at));
            if (std::regex_search(line.substr(0, line_limit), expression)) {
                seen_ = std::min(end + 1, all.size());
                return line;
            }
            if (newline == std::string::npos) {
                break; // Unfinished (a prompt never ends): look at it again when it has grown.
            }
            at = newline + 1;
        }
        if (clock_->monotonic_now() >= deadline) {
            return fail(Errc::timeout, "the console did not show {} within {}; its last lines:\n{}",
                        pattern, std::chrono::duration_cast<std::chrono::seconds>(limit),
                        last_lines(all));
        }
        clock_->sleep(read_interval);
    }
}

Result<void> Console::type(std::string_view text)
{
    TRY_ASSIGN(auto stream, sockets_->connect_local(socket_));
    TRY(stream->write_all(text, std::chrono::seconds{10}));
    // QEMU drops what its serial port has not taken yet when we leave.
    return stream->wait_until_taken(std::chrono::seconds{10});
}

Result<ShellAnswer> Console::ask_shell(const std::string& command, std::chrono::milliseconds limit)
{
    const int tag = ++asked_;
    TRY(skip_to_end());
    // The marks are typed with a quote in their middle, so that the echo of the typing is none.
    const auto show = std::format("echo '<ans''wer-{0}>'; cat /run/answer; "
                                  "echo '</ans''wer-{0}='$(cat /run/answer-status; "
                                  "tr -d '\\r' </run/answer | sha256sum)'>'\n",
                                  tag);
    TRY(type(std::format("{{ {}\n}} </dev/null >/run/answer 2>&1; echo $? >/run/answer-status; {}",
                         command, show)));
    const auto start = clock_->monotonic_now();
    auto shown = start;
    for (;;) {
        TRY_ASSIGN(const auto all, text());
        const auto fresh = std::string_view(all).substr(std::min(seen_, all.size()));
        const auto answer = find_shell_answer(fresh, tag);
        if (answer && answer->intact) {
            seen_ = all.size();
            return *answer;
        }
        const auto now = clock_->monotonic_now();
        if (now >= start + limit) {
            return fail(Errc::timeout, "the shell did not answer to {} within {}; it said:\n{}",
                        command, std::chrono::duration_cast<std::chrono::seconds>(limit),
                        last_lines(fresh));
        }
        if (now >= shown + (answer ? show_again : show_again_unasked)) {
            TRY(type(show));
            shown = now;
        }
        clock_->sleep(read_interval);
    }
}

} // namespace holdfast::machine
