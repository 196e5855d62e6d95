#include "connect_proxy.hpp"

#include <arpa/inet.h>
#include <array>
#include <poll.h>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>

namespace holdfast::stage {

namespace {

constexpr int longest_wait = 20'000; // Milliseconds.

sockaddr_in loopback(std::uint16_t port)
{
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

/// What lies between the ends of a connection goes from one to the other, until one of them ends.
void pump(int left, int right)
{
    std::array<pollfd, 2> ends{{{left, POLLIN, 0}, {right, POLLIN, 0}}};
    std::array<char, 16'384> buffer{};
    while (::poll(ends.data(), ends.size(), longest_wait) > 0) {
        for (std::size_t i = 0; i < ends.size(); ++i) {
            if (ends[i].revents == 0) {
                continue;
            }
            const auto got = ::recv(ends[i].fd, buffer.data(), buffer.size(), 0);
            if (got <= 0) {
                return;
            }
            for (ssize_t sent = 0; sent < got;) {
                const auto more = ::send(ends[1 - i].fd, buffer.data() + sent,
                                         static_cast<std::size_t>(got - sent), MSG_NOSIGNAL);
                if (more <= 0) {
                    return;
                }
                sent += more;
            }
        }
    }
}

/// Up to the empty line. What a client sends before it has an answer is nothing but this.
std::string read_head(int client)
{
    std::string head;
    std::array<char, 1024> buffer{};
    pollfd end{client, POLLIN, 0};
    while (!head.contains("\r\n\r\n") && ::poll(&end, 1, longest_wait) > 0) {
        const auto got = ::recv(client, buffer.data(), buffer.size(), 0);
        if (got <= 0) {
            break;
        }
        head.append(buffer.data(), static_cast<std::size_t>(got));
    }
    return head;
}

void answer(int client, std::string_view line)
{
    const auto text = "HTTP/1.1 " + std::string(line) + "\r\n\r\n";
    (void)::send(client, text.data(), text.size(), MSG_NOSIGNAL);
}

} // namespace

ConnectProxy::ConnectProxy(Answer answer)
    : answer_(answer), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))
{
    auto address = loopback(0);
    socklen_t size = sizeof address;
    auto* general = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_, general, size) != 0 || ::listen(listener_, 8) != 0 ||
        ::getsockname(listener_, general, &size) != 0) {
        throw std::runtime_error("no socket for a proxy");
    }
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
}

ConnectProxy::~ConnectProxy()
{
    ::shutdown(listener_, SHUT_RDWR); // Which wakes the thread.
    thread_.join();
    ::close(listener_);
}

std::vector<std::string> ConnectProxy::requests()
{
    const std::scoped_lock lock(mutex_);
    return requests_;
}

void ConnectProxy::serve()
{
    for (int client = ::accept(listener_, nullptr, nullptr); client >= 0;
         client = ::accept(listener_, nullptr, nullptr)) {
        serve_client(client);
        ::close(client);
    }
}

void ConnectProxy::serve_client(int client)
{
    const auto head = read_head(client);
    const auto line = head.substr(0, head.find("\r\n"));
    {
        const std::scoped_lock lock(mutex_);
        requests_.push_back(line);
    }
    const std::string known = "CONNECT 127.0.0.1:";
    if (!line.starts_with(known)) {
        return answer(client, "405 Method Not Allowed");
    }
    if (answer_ == Answer::refuse) {
        return answer(client, "403 Forbidden");
    }
    auto address = loopback(static_cast<std::uint16_t>(std::stoi(line.substr(known.size()))));
    const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (::connect(server, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) {
        answer(client, "200 Connection established");
        pump(client, server);
    } else {
        answer(client, "502 Bad Gateway");
    }
    ::close(server);
}

} // namespace holdfast::stage
