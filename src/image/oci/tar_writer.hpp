#pragma once

// Inside of this room only.

#include "base/error.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

struct archive;

namespace holdfast::image {

/// Where bytes go.
using Sink = std::function<Result<void>(std::span<const std::byte>)>;

/// A reproducible tar stream (pax where ustar does not suffice), by libarchive.
class TarWriter {
public:
    static Result<std::unique_ptr<TarWriter>> open(Sink sink, std::int64_t time);
    ~TarWriter();
    TarWriter(const TarWriter&) = delete;

    Result<void> add_bytes(std::string_view name, std::string_view content);
    /// A file of the disk, its content in pieces. `type_and_mode` as in stat(2).
    Result<void> add_file(std::string_view name, const std::filesystem::path& source,
                          std::uint32_t mode);
    Result<void> add_directory(std::string_view name, std::uint32_t mode);
    Result<void> add_link(std::string_view name, std::string_view target);
    /// Ends the stream.
    Result<void> finish();

    struct State; ///< libarchive's; opaque.

private:
    explicit TarWriter(std::unique_ptr<State> state);
    Result<void> begin(std::string_view name, std::uint32_t type, std::uint32_t mode,
                       std::uint64_t size, std::string_view target);
    Result<void> failed(std::string_view doing);
    std::unique_ptr<State> state_;
};

} // namespace holdfast::image
