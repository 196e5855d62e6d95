#pragma once

#include "io/posix/unique_fd.hpp"
#include "machine/options.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast::vm {

/// The other end of a machine's PeerLink, played by the test: an Ethernet frame is a datagram.
class LinkEnd {
public:
    /// For the machine that has `link`.
    explicit LinkEnd(const machine::PeerLink& link);

    /// A frame while the machine is off, or its queue full, is lost, as on a wire.
    void send(std::string_view frame);
    /// The next frame, or nothing within the time.
    std::optional<std::string> receive(std::chrono::milliseconds limit);

private:
    io::UniqueFd socket_;
    machine::PeerLink link_;
};

/// "Who has this address?", asked by one who has none yet (RFC 5227), from 52:54:00:00:00:03.
std::string arp_probe(std::string_view address);
/// The hardware address in an answer to it; nothing for another frame.
std::optional<std::string> answered_by(std::string_view frame, std::string_view address);

} // namespace holdfast::vm
