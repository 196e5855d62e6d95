#include "user_data/unwrap.hpp"

#include "base/text.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>

namespace holdfast::user_data {

namespace {

bool is_gzip(std::string_view bytes)
{
    return bytes.starts_with("\x1f\x8b");
}

/// zlib's stream, ended whatever happens.
class Inflater {
public:
    Inflater() = default;
    Inflater(const Inflater&) = delete;
    Inflater& operator=(const Inflater&) = delete;
    ~Inflater() { inflateEnd(&stream_); }

    Result<void> start()
    {
        // 16 added to the window bits: a gzip header and nothing else (zlib.h).
        if (inflateInit2(&stream_, 15 + 16) != Z_OK) {
            return fail(Errc::internal, "zlib does not start");
        }
        return {};
    }

    Result<std::string> unpack(std::string_view packed, std::size_t limit)
    {
        // zlib does not write to its input, but its type is older than const.
        stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
        stream_.avail_in = static_cast<uInt>(packed.size());
        std::string text;
        std::array<char, 16384> room;
        for (;;) {
            stream_.next_out = reinterpret_cast<Bytef*>(room.data());
            stream_.avail_out = static_cast<uInt>(room.size());
            const int state = inflate(&stream_, Z_NO_FLUSH);
            if (state != Z_OK && state != Z_STREAM_END) {
                return fail(Errc::invalid, "the gzip data is damaged or cut short");
            }
            text.append(room.data(), room.size() - stream_.avail_out);
            if (text.size() > limit) {
                return fail(Errc::too_large, "more than {} bytes when unpacked", limit);
            }
            if (state == Z_STREAM_END && stream_.avail_in == 0) {
                return text;
            }
            if (state == Z_STREAM_END) {
                TRY(start_next_member());
            }
        }
    }

private:
    /// A gzip file may have several members, and means their texts in a row (RFC 1952 §2.2).
    Result<void> start_next_member()
    {
        const std::string_view rest(reinterpret_cast<const char*>(stream_.next_in),
                                    stream_.avail_in);
        if (!is_gzip(rest)) {
            return fail(Errc::invalid, "{} bytes that are no gzip data follow the gzip data",
                        rest.size());
        }
        check(inflateReset(&stream_) == Z_OK, "zlib starts again");
        return {};
    }

    z_stream stream_{};
};

Result<std::string> gunzip(std::string_view packed, std::size_t limit)
{
    Inflater inflater;
    TRY(inflater.start());
    return inflater.unpack(packed, limit);
}

/// No TOML document with a settings table is made of this alphabet alone.
bool looks_like_base64(std::string_view text)
{
    const auto body = text.substr(0, text.find_last_not_of('=') + 1);
    return !body.empty() && std::ranges::all_of(body, [](unsigned char c) {
        return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
               c == '+' || c == '/';
    });
}

} // namespace

Result<std::string> unwrap(std::string_view bytes, std::size_t limit)
{
    if (bytes.size() > limit) {
        return fail(Errc::too_large, "{} bytes, at most {} are taken", bytes.size(), limit);
    }
    if (is_gzip(bytes)) {
        return gunzip(bytes, limit);
    }
    std::string joined(bytes);
    std::erase_if(joined, [](char c) { return c == '\n' || c == '\r' || c == ' ' || c == '\t'; });
    if (!looks_like_base64(joined)) {
        return std::string(bytes);
    }
    TRY_ASSIGN(auto decoded, from_base64(joined));
    return is_gzip(decoded) ? gunzip(decoded, limit) : Result<std::string>(std::move(decoded));
}

} // namespace holdfast::user_data
