#pragma once

#include "containers/lifecycle/handover.hpp"
#include "io/posix/unique_fd.hpp"

namespace holdfast::containers {

/// The real one. Linux only: pidfd_open(2), and FIFOs opened for both reading and writing.
class PosixHandover final : public Handover {
public:
    explicit PosixHandover(std::filesystem::path waiter) : waiter_(std::move(waiter)) {}

    Result<void> hold_signals() override;
    Result<void> open_streams(const StreamPaths& paths) override;
    Result<void> watch(std::uint32_t pid) override;
    Result<int> become_waiter(const std::vector<std::string>& finish) override;

private:
    std::filesystem::path waiter_;
    io::UniqueFd output_;
    io::UniqueFd errors_;
    io::UniqueFd process_;
};

} // namespace holdfast::containers
