#include "apply/apply.hpp"

#include "base/log.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <charconv>

namespace holdfast::apply {

namespace {

struct Rendered {
    std::string name;
    settings::ConfigurationFile file;
    std::string content;
};

Json item_json(const Item& item)
{
    Json object = {{"name", item.name}, {"status", item.status}};
    if (!item.path.empty()) {
        object["path"] = item.path;
    }
    if (!item.error.empty()) {
        object["error"] = item.error;
    }
    return object;
}

Result<io::Mode> parse_mode(const std::string& text)
{
    io::Mode mode = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), mode, 8);
    if (problem != std::errc() || end != text.data() + text.size() || mode > 07777) {
        return fail(Errc::invalid, "'{}' is no octal file mode", text);
    }
    return mode;
}

void add_failure(std::vector<Item>& items, std::string name, std::string path, const Error& error)
{
    log::error("not applied", {{"name", name}, {"problem", error.message()}});
    items.push_back({std::move(name), std::move(path), "failed", error.message()});
}

/// One run over the files, in two passes: all are rendered before the first is written.
class FilesPass {
public:
    FilesPass(const settings::Model& model, io::Files& files, Report& report)
        : model_(model), files_(files), report_(report)
    {
    }

    void render(const std::string& name, const Facts& facts)
    {
        const auto& file = model_.configuration_files().at(name);
        if (!file.overwrite_path_if_present && files_.exists(file.path)) {
            report_.files.push_back({name, file.path, "kept", ""});
            return;
        }
        auto content = model_.render(name, facts.settings, facts.os);
        if (content.has_value()) {
            rendered_.push_back({name, file, *std::move(content)});
        } else {
            add_failure(report_.files, name, file.path, content.error());
            failed_ = true;
        }
    }

    bool failed() const { return failed_; }
    bool wrote_units() const { return wrote_units_; }

    void write_all()
    {
        for (const auto& rendered : rendered_) {
            const auto written = write(rendered);
            if (!written.has_value()) {
                add_failure(report_.files, rendered.name, rendered.file.path, written.error());
                continue;
            }
            report_.files.push_back(
                {rendered.name, rendered.file.path, *written ? "written" : "unchanged", ""});
            wrote_units_ |= *written && rendered.file.path.starts_with("/etc/systemd/");
        }
    }

private:
    /// False when the file already has this content.
    Result<bool> write(const Rendered& rendered)
    {
        const std::filesystem::path path = rendered.file.path;
        TRY_ASSIGN(const auto mode, parse_mode(rendered.file.mode));
        const auto present = files_.read(path);
        if (present.has_value() && *present == rendered.content) {
            // The content may be there with the mode of another release or of the factory.
            TRY(files_.set_mode(path, mode));
            return false;
        }
        TRY(files_.create_directories(path.parent_path()));
        const auto change =
            rendered.file.mounted_by_containers ? io::rewrite_file : io::replace_file;
        TRY(change(files_, path, rendered.content, mode));
        // The umask may have cut the mode.
        TRY(files_.set_mode(path, mode));
        return true;
    }

    const settings::Model& model_;
    io::Files& files_;
    Report& report_;
    std::vector<Rendered> rendered_;
    bool failed_ = false;
    bool wrote_units_ = false;
};

Result<void> run_command(io::Processes& processes, const std::string& command,
                         const std::vector<std::string>& changed)
{
    io::Command parts{.arguments = split(command, ' '), .input = {}, .environment = {}};
    std::erase(parts.arguments, "");
    if (parts.arguments.empty()) {
        return fail(Errc::invalid, "an empty restart command");
    }
    if (!changed.empty()) {
        parts.environment["CHANGED_SETTINGS"] = join(changed, " ");
    }
    TRY(io::run_checked(processes, parts).while_(std::format("running '{}'", command)));
    return {};
}

Result<void> restart(io::Processes& processes, const settings::Service& service,
                     const std::vector<std::string>& changed)
{
    for (const auto& command : service.restart_commands) {
        TRY(run_command(processes, command, changed));
    }
    return {};
}

/// Whether a service has files and all of them are as they were. At boot that means: as the image
/// has them, and whatever has started so far has started with them.
bool is_untouched(const settings::Service& service, const Report& report)
{
    return !service.configuration_files.empty() &&
           std::ranges::all_of(service.configuration_files, [&](const std::string& name) {
               const auto item = std::ranges::find(report.files, name, &Item::name);
               return item != report.files.end() && item->status == "unchanged";
           });
}

void restart_all(const settings::Model& model, const Plan& plan, Occasion occasion,
                 io::Processes& processes, Report& report)
{
    for (const auto& affected : plan.services) {
        const auto& service = model.services().at(affected.name);
        if (service.restart_commands.empty()) {
            continue; // Its files are all there is to it.
        }
        if (occasion == Occasion::boot && is_untouched(service, report)) {
            continue;
        }
        const auto done = restart(processes, service, affected.changed);
        if (done.has_value()) {
            report.services.push_back({affected.name, "", "restarted", ""});
        } else {
            add_failure(report.services, affected.name, "", done.error());
        }
    }
}

std::string summary(const Report& report)
{
    std::vector<std::string> problems;
    for (const auto* items : {&report.files, &report.services}) {
        for (const auto& item : *items) {
            if (!item.error.empty()) {
                problems.push_back(std::format("{}: {}", item.name, item.error));
            }
        }
    }
    return join(problems, "; ");
}

} // namespace

Json Report::to_json() const
{
    Json object = {{"files", Json::array()}, {"services", Json::array()}};
    for (const auto& item : files) {
        object["files"].push_back(item_json(item));
    }
    for (const auto& item : services) {
        object["services"].push_back(item_json(item));
    }
    if (!error.empty()) {
        object["error"] = error;
    }
    return object;
}

Report apply(const settings::Model& model, const Plan& plan, const Facts& facts,
             Occasion occasion, io::Files& files, io::Processes& processes)
{
    Report report;
    FilesPass pass(model, files, report);
    for (const auto& name : plan.files) {
        pass.render(name, facts);
    }
    if (occasion == Occasion::change && pass.failed()) {
        report.error = summary(report);
        return report;
    }
    pass.write_all();
    if (occasion != Occasion::boot && pass.wrote_units()) {
        const auto reloaded = run_command(processes, "/usr/bin/systemctl daemon-reload", {});
        if (!reloaded.has_value()) {
            add_failure(report.services, "systemd", "", reloaded.error());
        }
    }
    restart_all(model, plan, occasion, processes, report);
    report.error = summary(report);
    return report;
}

} // namespace holdfast::apply
