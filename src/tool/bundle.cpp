#include "tool/bundle.hpp"

#include "base/text.hpp"

#include <filesystem>
#include <vector>

namespace holdfast::tool {

namespace fs = std::filesystem;

namespace {

constexpr auto linker = "ld-linux-x86-64.so.2";
/// Not needed by our programs, but by libraries that a user preloads.
constexpr const char* libc_parts[] = {"libdl.so.2", "libm.so.6", "libpthread.so.0", "librt.so.1"};

/// The libraries of a program, by the lines of ldd: "libz.so.1 => /usr/lib/… (0x…)" and, for the
/// dynamic linker, "/lib64/ld-linux-x86-64.so.2 (0x…)".
std::vector<fs::path> read_libraries(std::string_view ldd_output)
{
    std::vector<fs::path> libraries;
    for (const auto& line : split(ldd_output, '\n')) {
        const auto start = line.find('/');
        if (start != line.npos) {
            libraries.emplace_back(line.substr(start, line.find(' ', start) - start));
        }
    }
    return libraries;
}

Result<void> copy_over(const fs::path& from, const fs::path& to)
{
    std::error_code error;
    // A running copy cannot be written to, but it can be replaced.
    fs::remove(to, error);
    fs::copy_file(from, to, error);
    if (error) {
        return fail_errno(std::format("copying {}", from.native()), error.value());
    }
    return {};
}

} // namespace

Result<void> bundle_program(io::System& system, const fs::path& program, const fs::path& folder)
{
    const auto name = program.filename().native();
    const auto lib = folder / "lib";
    TRY(system.files.create_directories(lib));
    TRY_ASSIGN(const auto ldd, system.processes.run({.arguments = {"ldd", program.native()}}));
    auto libraries = read_libraries(ldd.output);
    if (ldd.exit_status != 0 || libraries.empty()) {
        return fail(Errc::io, "ldd {}: {}", program.native(), trimmed(ldd.errors));
    }
    const auto libc_folder = fs::path("/usr/lib/x86_64-linux-gnu");
    for (const auto* part : libc_parts) {
        libraries.push_back(libc_folder / part);
    }
    for (const auto& library : libraries) {
        TRY(copy_over(library, lib / library.filename()));
    }
    TRY(copy_over(program, lib / (name + ".program")));
    const auto starter = std::format("#!/bin/sh\n"
                                     "lib=$(dirname \"$(readlink -f \"$0\")\")/lib\n"
                                     "exec \"$lib/{}\" --library-path \"$lib\" "
                                     "\"$lib/{}.program\" \"$@\"\n",
                                     linker, name);
    return io::replace_file(system.files, folder / name, starter, 0755);
}

} // namespace holdfast::tool
