#pragma once

#include "settings/types/checked_text.hpp"

namespace holdfast::settings {

struct IdentifierRule {
    static constexpr std::string_view name = "identifier";
    static constexpr std::string_view expected =
        "an identifier (letters, digits and '-', at most 76)";
    static constexpr std::string_view pattern = "^[A-Za-z0-9-]{0,76}$";
    static bool accepts(std::string_view text);
};
/// A name that users choose: ASCII letters, digits and `-`, at most 76 bytes. May be empty, but
/// never is as a key.
using Identifier = CheckedText<IdentifierRule>;

struct ContainerNameRule {
    static constexpr std::string_view name = "container name";
    static constexpr std::string_view expected =
        "a container's name (letters and digits, with single '-' between them, at most 76)";
    static constexpr std::string_view pattern = "^(?=.{1,76}$)[A-Za-z0-9]+(-[A-Za-z0-9]+)*$";
    static bool accepts(std::string_view text);
};
/// What containerd takes as an identifier, without the dots and underscores: under any other name
/// a container would be in the settings and never run.
using ContainerName = CheckedText<ContainerNameRule>;

struct LinuxHostnameRule {
    static constexpr std::string_view name = "host name";
    static constexpr std::string_view expected =
        "a host name (lower-case letters, digits, '-' and '.', at most 253)";
    static constexpr std::string_view pattern =
        "^(?=.{1,253}$)[a-z0-9][a-z0-9-]{0,62}(\\.[a-z0-9][a-z0-9-]{0,62})*$";
    static bool accepts(std::string_view text);
};
/// 1 to 253 lower-case letters, digits, `-` and `.`; each part between dots has 1 to 63 and does
/// not start with `-`.
using LinuxHostname = CheckedText<LinuxHostnameRule>;

struct SysctlKeyRule {
    static constexpr std::string_view name = "sysctl key";
    static constexpr std::string_view expected =
        "a sysctl key such as net.ipv4.ip_forward (letters, digits, '.', '/', '_' and '-')";
    static constexpr std::string_view pattern = "^(?![./])(?!.*\\.\\.)[A-Za-z0-9./_-]{1,128}$";
    static bool accepts(std::string_view text);
};
/// A path below /proc/sys in either spelling, that cannot climb out of it.
using SysctlKey = CheckedText<SysctlKeyRule>;

struct KernelModuleNameRule {
    static constexpr std::string_view name = "kernel module";
    static constexpr std::string_view expected =
        "a kernel module's name (letters, digits, '-' and '_', at most 56)";
    static constexpr std::string_view pattern = "^[A-Za-z0-9_-]{1,56}$";
    static bool accepts(std::string_view text);
};
using KernelModuleName = CheckedText<KernelModuleNameRule>;

struct UnitNameRule {
    static constexpr std::string_view name = "systemd unit";
    static constexpr std::string_view expected =
        "a systemd unit's full name such as chronyd.service";
    static constexpr std::string_view pattern =
        "^[A-Za-z0-9_@:.\\\\][A-Za-z0-9_@:.\\\\-]*\\.(service|socket|mount|target|path|timer)$";
    static bool accepts(std::string_view text);
};
/// The name of a unit with its type (systemd.unit(5)), at most 255 bytes; not a template, and never
/// to be taken for an option.
using UnitName = CheckedText<UnitNameRule>;

} // namespace holdfast::settings
