#pragma once

#include "io/posix/posix_background.hpp"
#include "io/posix/posix_system.hpp"

namespace holdfast::stage {

/// A new folder below /tmp, removed with all that is in it at the end.
class Folder {
public:
    Folder();
    ~Folder();
    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

/// tests/integration/tuf/odd_server.py with this folder behind it, until the end.
class Server {
public:
    explicit Server(const std::filesystem::path& folder);
    ~Server();
    /// "http://127.0.0.1:port/<habit>/<file>"
    std::string url(const std::string& habit, const std::string& file) const;

private:
    io::PosixBackground background_;
    io::ProcessId id_ = 0;
    std::string port_;
};

/// Runs to the end, and fails the test where the exit status is another than this one. The output.
std::string run(const std::vector<std::string>& arguments, int exit_status = 0);

/// Runs tuf-client on the repository at `url`, which ends with a slash, and with "metadata" and
/// "targets" below `folder`. As `run`.
std::string tuf_client(const std::filesystem::path& folder, const std::string& url,
                       const std::vector<std::string>& arguments, int exit_status = 0);

/// Makes a software token with an ECDSA key in `folder`. OpenSSL finds it from now on, in this
/// program and those that it starts. The key's URI, which names a file with the PIN.
std::string make_token(const std::filesystem::path& folder);

} // namespace holdfast::stage
