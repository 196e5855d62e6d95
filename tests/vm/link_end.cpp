#include "link_end.hpp"

#include <gtest/gtest.h>

#include <array>
#include <format>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace holdfast::vm {

namespace {

using namespace std::string_view_literals;

/// RFC 826: the start of every frame that asks for, or tells of, an IPv4 address on Ethernet, after
/// the two hardware addresses.
constexpr auto arp_request = "\x08\x06\x00\x01\x08\x00\x06\x04\x00\x01"sv;
constexpr auto arp_reply = "\x08\x06\x00\x01\x08\x00\x06\x04\x00\x02"sv;
constexpr auto our_address = "\x52\x54\x00\x00\x00\x03"sv;

sockaddr_un unix_address(const std::filesystem::path& path)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    EXPECT_LT(path.native().size(), sizeof address.sun_path);
    path.native().copy(address.sun_path, sizeof address.sun_path - 1);
    return address;
}

} // namespace

LinkEnd::LinkEnd(const machine::PeerLink& link)
    : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)), link_(link)
{
    const auto address = unix_address(link_.other);
    ::unlink(address.sun_path);
    EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
              0);
}

void LinkEnd::send(std::string_view frame)
{
    const auto address = unix_address(link_.own);
    (void)::sendto(socket_.get(), frame.data(), frame.size(), MSG_DONTWAIT,
                   reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

std::optional<std::string> LinkEnd::receive(std::chrono::milliseconds limit)
{
    pollfd waiting{.fd = socket_.get(), .events = POLLIN, .revents = 0};
    if (::poll(&waiting, 1, static_cast<int>(limit.count())) != 1) {
        return std::nullopt;
    }
    std::array<char, 2048> frame{};
    const auto size = ::recv(socket_.get(), frame.data(), frame.size(), 0);
    if (size < 0) {
        return std::nullopt;
    }
    return std::string(frame.data(), static_cast<std::size_t>(size));
}

std::string arp_probe(std::string_view address)
{
    std::string frame(6, '\xff');
    frame += our_address;
    frame += arp_request;
    frame += our_address;
    frame += std::string(4 + 6, '\0'); // No address of ours yet, and their hardware's unknown.
    frame += address;
    return frame;
}

std::optional<std::string> answered_by(std::string_view frame, std::string_view address)
{
    constexpr std::size_t start = 12;
    constexpr std::size_t sender = 22;
    if (frame.size() < sender + 10 || !frame.substr(start).starts_with(arp_reply) ||
        frame.substr(sender + 6, 4) != address) {
        return std::nullopt;
    }
    std::string text;
    for (const char byte : frame.substr(sender, 6)) {
        text += std::format("{}{:02x}", text.empty() ? "" : ":", static_cast<unsigned char>(byte));
    }
    return text;
}

} // namespace holdfast::vm
