#include "tool/repo_serve.hpp"

#include "io/files.hpp"
#include "io/posix/posix_system.hpp"

#include <cerrno>
#include <cstdio>
#include <unistd.h>

namespace holdfast::tool {

namespace {

std::string nginx_configuration(const std::filesystem::path& folder, int port)
{
    // The quotes keep a folder's odd name one word; nginx has no escape for a quote inside.
    return std::format("daemon off;\n"
                       "user root;\n" // The folder may be readable to this user only.
                       "pid /tmp/holdfast-repo-{0}.pid;\n"
                       "error_log stderr;\n"
                       "events {{}}\n"
                       "http {{\n"
                       "  access_log /dev/stdout;\n"
                       "  default_type application/octet-stream;\n"
                       "  server {{ listen 127.0.0.1:{0}; root \"{1}\"; }}\n"
                       "}}\n",
                       port, folder.native());
}

} // namespace

Result<int> serve_folder(const std::filesystem::path& folder, int port)
{
    if (folder.native().find_first_of("\"\\$\n") != std::string::npos) {
        return fail(Errc::invalid, "nginx cannot serve a folder named {}", folder.native());
    }
    io::PosixFiles files;
    const auto configuration = std::format("/tmp/holdfast-repo-{}.conf", port);
    TRY(io::replace_file(files, configuration, nginx_configuration(folder, port)));
    std::printf("http://127.0.0.1:%d/\n", port);
    std::fflush(nullptr);
    ::execlp("nginx", "nginx", "-e", "stderr", "-c", configuration.c_str(), nullptr);
    return fail_errno("starting nginx", errno);
}

} // namespace holdfast::tool
