#pragma once

#include "io/service_manager.hpp"

#include <optional>
#include <string>

namespace holdfast::io {

/// Writes the datagrams of sd_notify(3) itself: the protocol is one line, and libsystemd would be
/// the only reason to link it.
class PosixServiceManager final : public ServiceManager {
public:
    /// `notify_socket` is the variable NOTIFY_SOCKET: a path, or '@' and an abstract name.
    explicit PosixServiceManager(std::optional<std::string> notify_socket)
        : notify_socket_(std::move(notify_socket))
    {
    }
    Result<void> notify(std::string_view state) override;

private:
    std::optional<std::string> notify_socket_;
};

} // namespace holdfast::io
