#include "containers/configure/host_containers.hpp"

#include "base/log.hpp"
#include "base/text.hpp"
#include "toml/toml.hpp"

#include <algorithm>

namespace holdfast::containers {

namespace {

constexpr auto settings_file = "/etc/host-containers/host-containers.toml";
const std::filesystem::path environment_folder = "/etc/host-containers";
const std::filesystem::path data_folder = "/local/host-containers";
constexpr std::chrono::seconds stop_limit{90}; // over the unit's TimeoutStopSec

bool is_name(std::string_view text)
{
    return !text.empty() && std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-';
    });
}

std::string unit_of(const std::string& name)
{
    return "host-containers@" + name + ".service";
}

/// Whole lines only, and nothing that the shell-like syntax of the file treats specially.
std::string quoted_value(std::string_view value)
{
    std::string text = "\"";
    for (const char c : value) {
        if (c == '"' || c == '\\' || c == '$' || c == '`') {
            text += '\\';
        }
        text += c;
    }
    return text + '"';
}

Result<bool> flag_of(const Json& table, const char* key)
{
    const auto found = table.find(key);
    if (found == table.end()) {
        return false;
    }
    if (!found->is_boolean()) {
        return fail(Errc::invalid, "{}: expected true or false", key);
    }
    return found->get<bool>();
}

Result<std::vector<std::string>> command_of(const Json& table)
{
    std::vector<std::string> command;
    const auto found = table.find("command");
    if (found == table.end()) {
        return command;
    }
    if (!found->is_array()) {
        return fail(Errc::invalid, "command: expected a list of strings");
    }
    for (const auto& word : *found) {
        if (!word.is_string()) {
            return fail(Errc::invalid, "command: expected a list of strings");
        }
        command.push_back(word.get<std::string>());
    }
    return command;
}

/// The manager of one run: what it found out once.
class Configuration {
public:
    Configuration(io::Files& files, io::Processes& processes) : files_(files), processes_(processes)
    {
    }

    Result<void> apply(const std::string& name, const Json& table)
    {
        TRY_ASSIGN(const auto setting, parse_setting(table));
        // Stopped before anything else, so that nothing that it did to its folder or to the disk
        // can keep it running.
        if (!is_idle(name)) {
            TRY(stop(name));
        }
        TRY(io::replace_file(files_, environment_path(name), environment_file(setting)));
        if (!setting.enabled) {
            return {};
        }
        TRY(prepare_folder(data_folder / name, setting));
        return start(name);
    }

    Result<void> retire(const std::string& name)
    {
        TRY(stop(name));
        return files_.remove(environment_path(name));
    }

    static std::filesystem::path environment_path(const std::string& name)
    {
        return environment_folder / (name + ".env");
    }

private:
    Result<void> prepare_folder(const std::filesystem::path& folder,
                                const HostContainerSetting& setting)
    {
        TRY(files_.create_directories(folder, 0700));
        TRY(files_.set_mode(folder, 0700));
        return setting.user_data.has_value()
                   ? io::replace_file(files_, folder / "user-data", *setting.user_data, 0600)
                   : Result<void>{};
    }

    bool succeeds(std::vector<std::string> arguments)
    {
        const auto outcome = processes_.run({.arguments = std::move(arguments)});
        return outcome.has_value() && outcome->exit_status == 0;
    }

    Result<void> stop(const std::string& name)
    {
        // A unit that is not there or does not stop is no reason to leave the rest undone.
        (void)processes_.run(
            {.arguments = {"systemctl", "stop", unit_of(name)}, .time_limit = stop_limit});
        if (!succeeds({"systemctl", "is-active", "--quiet", "host-containerd.service"})) {
            return {};
        }
        const auto cleaned = io::run_checked(
            processes_, {.arguments = {"/usr/bin/host-ctr", "clean-up", "--container-id", name}});
        return cleaned.has_value() ? Result<void>{} : Failure{cleaned.error()};
    }

    /// Neither running nor about to, as from the start of the machine until the first start; false
    /// where systemd does not say.
    bool is_idle(const std::string& name)
    {
        const auto shown = processes_.run(
            {.arguments = {"systemctl", "show", "--property=ActiveState,Job", unit_of(name)}});
        if (!shown.has_value()) {
            return false;
        }
        // A job may be a start that waits for containerd.
        const auto lines = split(shown->output, '\n');
        return std::ranges::contains(lines, "ActiveState=inactive") &&
               std::ranges::none_of(lines, [](const auto& line) {
                   return line.starts_with("Job=") && line.size() > 4;
               });
    }

    /// During the boot the job waits for containerd; nobody waits for it here. Nothing is
    /// "enabled": /etc is new at each boot, and the settings start what belongs to it. That would
    /// also cost a reload of systemd, a second of the boot.
    Result<void> start(const std::string& name)
    {
        const auto done = io::run_checked(
            processes_, {.arguments = {"systemctl", "start", "--no-block", unit_of(name)}});
        return done.has_value() ? Result<void>{} : Failure{done.error()};
    }

    io::Files& files_;
    io::Processes& processes_;
};

Result<Json> read_settings(io::Files& files)
{
    TRY_ASSIGN(const auto text, files.read(settings_file));
    TRY_ASSIGN(const auto document, parse_toml(text).while_(settings_file));
    const auto found = document.find("host-containers");
    if (found == document.end()) {
        return Json::object();
    }
    if (!found->is_object()) {
        return fail(Errc::invalid, "{}: host-containers: expected a table", settings_file);
    }
    return Json(*found);
}

/// Those that were configured earlier, going by their environment files.
std::vector<std::string> known_names(io::Files& files)
{
    std::vector<std::string> names;
    const auto entries = files.list(environment_folder);
    for (const auto& entry : entries.has_value() ? *entries : std::vector<std::string>{}) {
        if (entry.ends_with(".env") && is_name(entry.substr(0, entry.size() - 4))) {
            names.push_back(entry.substr(0, entry.size() - 4));
        }
    }
    return names;
}

} // namespace

Result<HostContainerSetting> parse_setting(const Json& table)
{
    if (!table.is_object()) {
        return fail(Errc::invalid, "expected a table");
    }
    HostContainerSetting setting;
    const auto source = table.find("source");
    if (source == table.end() || !source->is_string()) {
        return fail(Errc::invalid, "source: expected the name of an image");
    }
    setting.source = source->get<std::string>();
    const auto is_plain = [](char c) { return c > ' ' && c != 0x7f; };
    if (setting.source.empty() || !std::ranges::all_of(setting.source, is_plain)) {
        return fail(Errc::invalid, "source: expected the name of an image, without spaces");
    }
    TRY_ASSIGN(setting.enabled, flag_of(table, "enabled"));
    TRY_ASSIGN(setting.superpowered, flag_of(table, "superpowered"));
    TRY_ASSIGN(setting.command, command_of(table));
    if (const auto data = table.find("user-data"); data != table.end()) {
        if (!data->is_string()) {
            return fail(Errc::invalid, "user-data: expected base64");
        }
        TRY_ASSIGN(setting.user_data, from_base64(data->get<std::string>()).while_("user-data"));
    }
    return setting;
}

Concerned Concerned::parse(std::string_view changed_settings)
{
    constexpr std::string_view prefix = "settings.host-containers.";
    Concerned concerned;
    for (const auto& word : split(changed_settings, ' ')) {
        if (word.empty()) {
            continue;
        }
        const auto rest =
            std::string_view(word).substr(word.starts_with(prefix) ? prefix.size() : word.size());
        // A key in quotes is still one name: names hold letters, digits and "-" only.
        auto name = std::string(rest.substr(0, rest.find('.')));
        std::erase(name, '"');
        if (name.empty()) {
            concerned.all = true;
        } else {
            concerned.names.insert(std::move(name));
        }
    }
    concerned.all = concerned.all || concerned.names.empty();
    return concerned;
}

std::string environment_file(const HostContainerSetting& setting)
{
    return std::format("CTR_SUPERPOWERED={}\nCTR_SOURCE={}\nCTR_COMMAND={}\n\n"
                       "# Whether it runs is a matter of systemd's; for people who look here:\n"
                       "# CTR_ENABLED={}\n",
                       setting.superpowered, quoted_value(setting.source),
                       quoted_value(to_text(Json(setting.command))), setting.enabled);
}

Result<void> configure_host_containers(std::string_view changed_settings, io::Files& files,
                                       io::Processes& processes)
{
    TRY_ASSIGN(const auto settings, read_settings(files));
    const auto concerned = Concerned::parse(changed_settings);
    Configuration configuration(files, processes);
    int handled = 0;
    int failed = 0;
    const auto count = [&](const std::string& name, const Result<void>& result) {
        ++handled;
        if (!result.has_value()) {
            ++failed;
            log::error("cannot configure the host container",
                       {{"container", name}, {"cause", result.error().message()}});
        }
    };
    for (const auto& [name, table] : settings.items()) {
        if (concerned.contains(name)) {
            count(name, is_name(name) ? configuration.apply(name, table)
                                      : fail(Errc::invalid, "expected letters, digits and \"-\""));
        }
    }
    for (const auto& name : known_names(files)) {
        if (!settings.contains(name) && concerned.contains(name)) {
            count(name, configuration.retire(name));
        }
    }
    if (failed > 0) {
        return fail(Errc::io, "Failed to manage {} of {} host containers", failed, handled);
    }
    return {};
}

} // namespace holdfast::containers
