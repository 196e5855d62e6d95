#pragma once

#include "io/network.hpp"

namespace holdfast::io {

/// Sockets with poll(2).
class PosixNetwork final : public Network {
public:
    Result<std::unique_ptr<ByteStream>> connect_local(const std::filesystem::path& path,
                                                      std::chrono::milliseconds limit) override;
    Result<std::unique_ptr<ByteStream>> connect_tcp(const std::string& host, std::uint16_t port,
                                                    TimeLimits limits) override;
};

} // namespace holdfast::io
