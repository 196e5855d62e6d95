#pragma once

#include "io/sockets.hpp"

namespace holdfast::io {

class PosixSockets final : public Sockets {
public:
    Result<std::unique_ptr<Stream>> connect_local(const std::filesystem::path& path) override;
    Result<std::uint16_t> free_loopback_port() override;
};

} // namespace holdfast::io
