#pragma once

#include "io/network.hpp"

#include <memory>
#include <string>

namespace holdfast::api {

/// How a TLS client proves itself and whom it trusts; PEM texts.
struct TlsKeys {
    std::string server_name; ///< Must be in the server's certificate, a name or an IP address.
    std::string ca;          ///< Empty: the machine's own store of authorities.
    std::string certificate; ///< With its chain. Empty: none is shown.
    std::string key;
};

/// TLS over a connection: 1.3 where a certificate is shown, else 1.2 or 1.3 (web servers).
/// Does the handshake. Errors: `denied` when either side refuses the other's certificate, `invalid`
/// for PEM texts that cannot be used, `io`.
Result<std::unique_ptr<io::ByteStream>> start_tls(std::unique_ptr<io::ByteStream> plain,
                                                  const TlsKeys& keys);

} // namespace holdfast::api
