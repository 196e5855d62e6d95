#pragma once

#include "base/error.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast::api {

/// The path and the query of a request-target, percent-decoded.
struct Target {
    std::string path;
    std::map<std::string, std::string> query;

    /// Null where the parameter is absent; empty text is not absent.
    const std::string* find(const std::string& parameter) const;
};

/// Reads an origin-form request-target (RFC 9112 §3.2.1): "/settings?keys=a%2Cb". In the query '+'
/// is a space, and of a repeated parameter the last counts. Errors: `invalid`.
Result<Target> parse_target(std::string_view text);

/// The Unix sockets of the server. Containers have the common one mounted, and their root is uid 0
/// to the kernel as the machine's is; so what is for the machine's own services has its own.
enum class LocalSocket { common, services };

/// Who is at the other end: a process on this machine, or the holder of a certificate.
struct Caller {
    std::optional<std::uint32_t> uid;
    std::string subject;                      ///< RFC 2253 text; empty for a process.
    LocalSocket socket = LocalSocket::common; ///< That a process has come by.

    /// For provenance: "uid=0", or the certificate's subject.
    std::string name() const;
    /// The machine's own services, which may act for another source.
    bool is_own_service() const { return uid == 0U && socket == LocalSocket::services; }
};

struct Request {
    std::string method;
    Target target;
    std::string content_type;
    std::string body;
    Caller caller;
};

struct Response {
    int status = 200;
    std::string content_type;
    std::string body;
};

} // namespace holdfast::api
