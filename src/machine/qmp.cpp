#include "machine/qmp.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::machine {

namespace {

constexpr std::size_t message_limit = 1U << 20;
/// A connection that floods us with events for nobody keeps the newest.
constexpr std::size_t event_limit = 1000;

std::string text_member(const Json& object, const char* name)
{
    const auto found = object.find(name);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

} // namespace

Result<std::optional<Json>> QmpReader::next()
{
    const auto end = pending_.find('\n');
    if (end == std::string::npos) {
        if (pending_.size() > message_limit) {
            return fail(Errc::too_large, "a QMP message of more than {} bytes", message_limit);
        }
        return std::optional<Json>{};
    }
    const auto line = pending_.substr(0, end);
    pending_.erase(0, end + 1);
    TRY_ASSIGN(auto message, parse_json(line, {.bytes = message_limit, .depth = 32})
                                 .while_("reading a QMP message"));
    if (!message.is_object()) {
        return fail(Errc::invalid, "a QMP message is not an object");
    }
    return std::optional<Json>{std::move(message)};
}

Result<Qmp> Qmp::connect(io::Sockets& sockets, io::Clock& clock,
                         const std::filesystem::path& socket, std::chrono::milliseconds limit)
{
    const auto deadline = clock.monotonic_now() + limit;
    TRY_ASSIGN(auto stream, sockets.connect_local(socket));
    Qmp qmp(clock, std::move(stream));
    TRY_ASSIGN(const auto greeting, qmp.next_message(deadline));
    if (!greeting.contains("QMP")) {
        return fail(Errc::invalid, "{} does not speak QMP", socket.native());
    }
    TRY(qmp.execute("qmp_capabilities", Json::object(), limit));
    return qmp;
}

Result<Json> Qmp::next_message(std::chrono::steady_clock::time_point deadline)
{
    for (;;) {
        TRY_ASSIGN(auto message, reader_.next());
        if (message) {
            return *std::move(message);
        }
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
            deadline - clock_->monotonic_now());
        if (left.count() < 0) {
            return fail(Errc::timeout, "QEMU does not answer");
        }
        TRY_ASSIGN(const auto bytes, stream_->read_some(left));
        if (bytes.empty()) {
            return fail(Errc::io, "QEMU has closed its control connection");
        }
        reader_.feed(bytes);
    }
}

Result<Json> Qmp::execute(const std::string& command, Json arguments,
                          std::chrono::milliseconds limit)
{
    const auto deadline = clock_->monotonic_now() + limit;
    Json request{{"execute", command}};
    if (!arguments.empty()) {
        request["arguments"] = std::move(arguments);
    }
    TRY(stream_->write_all(to_text(request) + "\n", limit));
    for (;;) {
        TRY_ASSIGN(auto message, next_message(deadline));
        if (message.contains("event")) {
            events_.push_back(std::move(message));
            if (events_.size() > event_limit) {
                events_.erase(events_.begin());
            }
        } else if (message.contains("error")) {
            const auto& error = message["error"];
            return fail(Errc::conflict, "QEMU refuses {}: {}", command,
                        error.is_object() ? text_member(error, "desc") : to_text(error));
        } else if (message.contains("return")) {
            return message["return"];
        }
    }
}

Result<std::vector<Json>> Qmp::take_events(std::chrono::milliseconds limit)
{
    auto deadline = clock_->monotonic_now() + limit;
    for (;;) {
        auto message = next_message(events_.empty() ? deadline : clock_->monotonic_now());
        if (message && message->contains("event")) {
            events_.push_back(*std::move(message));
        } else if (!message) {
            if (events_.empty() && message.error().code() != Errc::timeout) {
                return Failure{std::move(message).error()};
            }
            return std::exchange(events_, {});
        }
    }
}

} // namespace holdfast::machine
