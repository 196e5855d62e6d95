#include "image/oci/compressor.hpp"

#include <vector>
#include <zstd.h>

namespace holdfast::image {

struct Compressor::State {
    ZSTD_CCtx* context = ::ZSTD_createCCtx();
    Sink sink;
    ~State() { ::ZSTD_freeCCtx(context); }
};

Compressor::Compressor(Sink sink) : state_(std::make_unique<State>())
{
    state_->sink = std::move(sink);
    ::ZSTD_CCtx_setParameter(state_->context, ZSTD_c_compressionLevel, 19);
    ::ZSTD_CCtx_setParameter(state_->context, ZSTD_c_checksumFlag, 1);
}

Compressor::~Compressor() = default;

Result<void> Compressor::push(std::span<const std::byte> bytes, bool last)
{
    std::vector<std::byte> buffer(::ZSTD_CStreamOutSize());
    ZSTD_inBuffer input{bytes.data(), bytes.size(), 0};
    for (;;) {
        ZSTD_outBuffer output{buffer.data(), buffer.size(), 0};
        const auto left = ::ZSTD_compressStream2(state_->context, &output, &input,
                                                 last ? ZSTD_e_end : ZSTD_e_continue);
        if (::ZSTD_isError(left) != 0) {
            return fail(Errc::internal, "zstd: {}", ::ZSTD_getErrorName(left));
        }
        if (output.pos > 0) {
            TRY(state_->sink(std::span<const std::byte>(buffer).first(output.pos)));
        }
        if (last ? left == 0 : input.pos == input.size) {
            return {};
        }
    }
}

Result<void> Compressor::add(std::span<const std::byte> bytes)
{
    return push(bytes, false);
}

Result<void> Compressor::finish()
{
    return push({}, true);
}

} // namespace holdfast::image
