#include "services/early_boot_config/early_boot_config.hpp"

#include "base/log.hpp"
#include "user_data/user_data.hpp"

#include <algorithm>
#include <ranges>

namespace holdfast::early_boot_config {

namespace {

constexpr const char* console = "/dev/console";

int line_of(const user_data::UserData& data, const std::string& key)
{
    const auto found = data.lines.find(key);
    return found == data.lines.end() ? 0 : found->second;
}

void judge(const user_data::UserData& data, const settings::Model& model, Reading& reading)
{
    auto judged = model.judge(data.settings);
    reading.values = std::move(judged.values);
    reading.lines = data.lines;
    for (const auto& misfit : data.misfits) {
        reading.report.findings.push_back(
            {misfit.key, misfit.line, misfit.key + ": " + misfit.message});
    }
    for (const auto& problem : judged.problems) {
        reading.report.findings.push_back(
            {problem.key, line_of(data, problem.key), to_text(problem)});
    }
    const bool nothing = reading.values.empty();
    const bool perfect = reading.report.findings.empty();
    reading.report.status =
        perfect ? (nothing ? "empty" : "applied") : (nothing ? "refused" : "partly-applied");
}

/// Hands one provider's values over. What the server refuses against our own judgement is a
/// finding too, for it is about the content; other failures are errors.
Result<void> submit(Reading& reading, const settings::Model& model, api::Client& client)
{
    const auto target = std::format("/settings?tx={}&source=user-data&who={}",
                                    api::launch_transaction, reading.report.provider);
    const auto sent = client.request("PATCH", target, to_text(model.nest(reading.values)));
    if (sent.has_value()) {
        return {};
    }
    if (sent.error().code() != Errc::invalid && sent.error().code() != Errc::too_large) {
        return Failure{sent.error()};
    }
    reading.values.clear();
    reading.report.status = "refused";
    reading.report.findings.push_back({"", 0, sent.error().message()});
    return {};
}

struct Blamed {
    Reading* reading = nullptr;
    int line = 0;
};

/// Who named the key last, or else the nearest table above it: a misfit may be a key that is
/// missing. There are values, or nothing would not fit.
Blamed blamed_for(std::string key, std::vector<Reading>& readings)
{
    for (;;) {
        for (auto& reading : std::views::reverse(readings)) {
            const auto line = reading.lines.find(key);
            if (!reading.values.empty() && line != reading.lines.end()) {
                return {&reading, line->second};
            }
        }
        const auto dot = key.rfind('.');
        if (dot == std::string::npos) {
            break;
        }
        key.resize(dot);
    }
    const auto last = std::ranges::find_if(std::views::reverse(readings),
                                           [](const Reading& r) { return !r.values.empty(); });
    return {&*last, 0};
}

/// What does not fit together in all that was read. It is stored as it is, and not rendered.
void add_misfits(const settings::Model& model, std::vector<Reading>& readings)
{
    settings::Values all = model.defaults();
    std::vector<std::string> keys;
    for (const auto& reading : readings) {
        for (const auto& [key, value] : reading.values) {
            all.insert_or_assign(key, value);
            keys.push_back(key);
        }
    }
    for (const auto& misfit : model.misfits(all, keys)) {
        const auto [reading, line] = blamed_for(misfit.key, readings);
        reading->report.findings.push_back({misfit.key, line, to_text(misfit)});
        reading->report.status = "partly-applied";
    }
}

void tell_console(io::Files& files, const std::vector<std::string>& lines)
{
    if (lines.empty()) {
        return;
    }
    std::string text;
    for (const auto& line : lines) {
        log::warning(line);
        text += "holdfast: " + line + "\r\n";
    }
    // Without a console the log and the API tell it.
    (void)files.write_into(console, text).has_value();
}

} // namespace

Reading read_provider(const Provider& provider, const settings::Model& model, io::Files& files)
{
    Reading reading{{}, {}, {provider.name, "absent", {}}};
    const auto bytes = fetch(provider, files);
    if (!bytes.has_value()) {
        reading.report.status = "refused";
        reading.report.findings.push_back({"", 0, bytes.error().message()});
        return reading;
    }
    if (!bytes->has_value()) {
        return reading;
    }
    const auto data = user_data::read_user_data(**bytes);
    if (!data.has_value()) {
        reading.report.status = "refused";
        reading.report.findings.push_back({"", data.error().line, data.error().error.message()});
        return reading;
    }
    judge(*data, model, reading);
    return reading;
}

Result<void> configure(const std::vector<Provider>& places, const settings::Model& model,
                       api::Client& client, io::Files& files, const std::filesystem::path& marker)
{
    if (files.exists(marker)) {
        log::info("user data was applied at the first boot");
        return {};
    }
    std::vector<Reading> readings;
    for (const auto& place : places) {
        auto& reading = readings.emplace_back(read_provider(place, model, files));
        if (!reading.values.empty()) {
            TRY(submit(reading, model, client).while_("user data " + place.name));
        }
    }
    TRY(api::commit_pending(client));
    add_misfits(model, readings);
    std::vector<ProviderReport> reports;
    for (auto& reading : readings) {
        const auto& report = reports.emplace_back(shortened(std::move(reading.report)));
        log::info("user data", {{"provider", report.provider}, {"status", report.status}});
    }
    tell_console(files, console_lines(reports));
    const auto told = client.request("POST", "/reports/user-data", to_text(to_json(reports)));
    if (!told.has_value()) {
        // The settings are stored, and the console has told what is wrong with the rest.
        log::warning("the API has no report on user data", {{"problem", told.error().message()}});
    }
    return io::replace_file(files, marker, "");
}

} // namespace holdfast::early_boot_config
