#include "io/posix/posix_service_manager.hpp"

#include "io/posix/unique_fd.hpp"

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <sys/socket.h>
#include <sys/un.h>

namespace holdfast::io {

Result<void> PosixServiceManager::notify(std::string_view state)
{
    if (!notify_socket_.has_value() || notify_socket_->empty()) {
        return {};
    }
    sockaddr_un address{};
    if (notify_socket_->size() >= sizeof address.sun_path) {
        return fail(Errc::invalid, "NOTIFY_SOCKET is too long");
    }
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, notify_socket_->data(), notify_socket_->size());
    if (notify_socket_->starts_with('@')) {
        address.sun_path[0] = '\0';
    }
    const auto size =
        static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + notify_socket_->size());
    const UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!fd || ::sendto(fd.get(), state.data(), state.size(), MSG_NOSIGNAL,
                        reinterpret_cast<const sockaddr*>(&address), size) < 0) {
        return fail_errno("notifying the service manager", errno);
    }
    return {};
}

} // namespace holdfast::io
