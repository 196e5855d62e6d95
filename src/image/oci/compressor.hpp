#pragma once

// Inside of this room only.

#include "base/error.hpp"
#include "image/oci/tar_writer.hpp"

#include <memory>

namespace holdfast::image {

/// Compresses a stream into a sink with zstd (level 19, one thread, so that bytes do not depend on
/// the machine).
class Compressor {
public:
    explicit Compressor(Sink sink);
    ~Compressor();
    Compressor(const Compressor&) = delete;
    Result<void> add(std::span<const std::byte> bytes);
    Result<void> finish();

private:
    struct State;
    Result<void> push(std::span<const std::byte> bytes, bool last);
    std::unique_ptr<State> state_;
};

} // namespace holdfast::image
