#include "services/corndog/corndog.hpp"

#include "base/log.hpp"
#include "base/text.hpp"
#include "toml/toml.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace holdfast::corndog {

namespace {

constexpr auto wishes_file = "/etc/corndog.toml";
constexpr auto sysctl_file = "/etc/sysctl.d/95-corndog.conf";
constexpr auto lockdown_file = "/sys/kernel/security/lockdown";
constexpr std::array<std::string_view, 3> level_names = {"none", "integrity", "confidentiality"};

std::optional<Lockdown> level_of(std::string_view word)
{
    const auto found = std::ranges::find(level_names, word);
    if (found == level_names.end()) {
        return std::nullopt;
    }
    return static_cast<Lockdown>(found - level_names.begin());
}

bool is_key_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("._-/:@").contains(c);
}

bool is_control(char c)
{
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

} // namespace

std::string_view name(Lockdown level)
{
    return level_names[static_cast<std::size_t>(level)];
}

Result<Wishes> parse_wishes(std::string_view toml)
{
    TRY_ASSIGN(const auto document, parse_toml(toml));
    Wishes wishes;
    if (const auto level = document.find("lockdown"); level != document.end()) {
        wishes.lockdown = level->is_string() ? level_of(level->get<std::string>()) : std::nullopt;
        if (!wishes.lockdown) {
            return fail(Errc::invalid, "settings.kernel.lockdown: expected one of {}, {}, {}",
                        level_names[0], level_names[1], level_names[2]);
        }
    }
    const auto sysctl = document.find("sysctl");
    if (sysctl == document.end()) {
        return wishes;
    }
    if (!sysctl->is_object()) {
        return fail(Errc::invalid, "settings.kernel.sysctl: expected a table");
    }
    for (const auto& [key, value] : sysctl->items()) {
        if (key.empty() || !std::ranges::all_of(key, is_key_character)) {
            return fail(Errc::invalid, "settings.kernel.sysctl: \"{}\" is no kernel parameter", key);
        }
        if (!value.is_string() || std::ranges::any_of(value.get<std::string>(), is_control)) {
            return fail(Errc::invalid, "settings.kernel.sysctl.{}: expected one line of text", key);
        }
        wishes.sysctl[key] = value.get<std::string>();
    }
    return wishes;
}

std::string sysctl_lines(const std::map<std::string, std::string>& sysctl)
{
    std::string text;
    for (const auto& [key, value] : sysctl) {
        text += "-" + key + " = " + value + "\n";
    }
    return text;
}

Result<Lockdown> parse_current_lockdown(std::string_view text)
{
    const auto open = text.find('[');
    const auto close = text.find(']', open);
    if (open != text.npos && close != text.npos) {
        if (const auto level = level_of(text.substr(open + 1, close - open - 1))) {
            return *level;
        }
    }
    return fail(Errc::corrupt, "{} says \"{}\"", lockdown_file, trimmed(text));
}

Result<void> apply_sysctl(io::System& system)
{
    TRY_ASSIGN(const auto text, system.files.read(wishes_file));
    TRY_ASSIGN(const auto wishes, parse_wishes(text).while_("reading /etc/corndog.toml"));
    if (wishes.sysctl.empty()) {
        // Nothing to set, and no reason to start a program at every boot. What an earlier setting
        // changed stays until the next one, as with systemd-sysctl itself.
        return system.files.remove(sysctl_file);
    }
    TRY(system.files.create_directories("/etc/sysctl.d"));
    TRY(io::replace_file(system.files, sysctl_file, sysctl_lines(wishes.sysctl)));
    TRY(io::run_checked(system.processes,
                        {.arguments = {"/usr/lib/systemd/systemd-sysctl", sysctl_file}}));
    log::info("kernel parameters set", {{"count", std::to_string(wishes.sysctl.size())}});
    return {};
}

Result<void> apply_lockdown(io::Files& files)
{
    TRY_ASSIGN(const auto text, files.read(wishes_file));
    TRY_ASSIGN(const auto wishes, parse_wishes(text).while_("reading /etc/corndog.toml"));
    if (!wishes.lockdown) {
        return {};
    }
    TRY_ASSIGN(const auto now_text, files.read(lockdown_file));
    TRY_ASSIGN(const auto now, parse_current_lockdown(now_text));
    if (*wishes.lockdown == now) {
        return {};
    }
    if (*wishes.lockdown < now) {
        log::warning("lockdown can be lowered by a reboot only; it stays",
                     {{"now", std::string(name(now))}, {"wanted", std::string(name(*wishes.lockdown))}});
        return {};
    }
    TRY(files.write_into(lockdown_file, name(*wishes.lockdown)).while_("settings.kernel.lockdown"));
    log::info("lockdown raised", {{"from", std::string(name(now))},
                                  {"to", std::string(name(*wishes.lockdown))}});
    return {};
}

Result<int> run(const std::vector<std::string>& arguments, io::System& system)
{
    if (arguments == std::vector<std::string>{"sysctl"}) {
        TRY(apply_sysctl(system));
        return 0;
    }
    if (arguments == std::vector<std::string>{"lockdown"}) {
        TRY(apply_lockdown(system.files));
        return 0;
    }
    const bool help = arguments == std::vector<std::string>{"--help"};
    std::fputs("usage: corndog sysctl | lockdown\n"
               "  sysctl    sets the kernel parameters of settings.kernel.sysctl\n"
               "  lockdown  raises the kernel's lockdown to settings.kernel.lockdown\n",
               help ? stdout : stderr);
    return help ? 0 : 2;
}

} // namespace holdfast::corndog
