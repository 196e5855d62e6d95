#pragma once

#include "io/curl/curl_http_client.hpp"
#include "update/tuf/client.hpp"

#include <variant>

namespace holdfast::tuf {

/// The command line of `tuf-client`.
struct ProgramOptions {
    enum class Verb { init, refresh, download } verb = Verb::refresh;
    std::filesystem::path root_file;       ///< For init.
    std::vector<std::string> target_names; ///< For download, in order.
    std::filesystem::path target_dir;      ///< For download.
    ClientOptions client;
    io::CurlOptions http;
};

/// The options, or the exit status of a program that has nothing more to do (help, misuse), whose
/// text was printed. Paths all have a parent, if only ".".
std::variant<ProgramOptions, int> parse_options(const std::vector<std::string>& arguments);

} // namespace holdfast::tuf
