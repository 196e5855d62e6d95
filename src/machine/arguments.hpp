#pragma once

#include "machine/options.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace holdfast::machine {

/// Where a machine keeps what belongs to its run, all below one directory of its own.
struct StateFiles {
    explicit StateFiles(std::filesystem::path where) : directory(std::move(where)) {}

    std::filesystem::path directory;
    std::filesystem::path variables = directory / "vars.fd"; ///< UEFI variables; outlive power cuts.
    std::filesystem::path console_log = directory / "console.log";
    std::filesystem::path qemu_log = directory / "qemu.log";
    std::filesystem::path console_socket = directory / "console.sock";
    /// QMP for the program that started the machine, which may hold it all the time.
    std::filesystem::path control_socket = directory / "control.sock";
    /// A second QMP for everybody else, because each one serves a single client at a time.
    std::filesystem::path visitor_socket = directory / "visitor.sock";
};

/// The file that QEMU is given for disk `number`: the image itself, or the overlay that lies over
/// it while unflushed writes are to be lost.
std::filesystem::path disk_file(const Options& options, std::size_t number,
                                const StateFiles& state);

/// The whole command line of QEMU, the program first. Pure.
std::vector<std::string> qemu_arguments(const Options& options, const StateFiles& state);

} // namespace holdfast::machine
