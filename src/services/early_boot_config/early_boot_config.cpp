#include "services/early_boot_config/early_boot_config.hpp"

#include "base/log.hpp"
#include "user_data/user_data.hpp"

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
    const auto target = std::format("/settings?tx={}&source=user-data&who={}", launch_transaction,
                                    reading.report.provider);
    const auto sent = client.request("PATCH", target, to_text(model.nest(reading.values)));
    if (sent.has_value()) {
        return {};
    }
    if (sent.error().code() != Errc::invalid && sent.error().code() != Errc::too_large) {
        return Failure{sent.error()};
    }
    reading.report.status = "refused";
    reading.report.findings.push_back({"", 0, sent.error().message()});
    return {};
}

/// Nothing pending is a success: there was no user data, or a boot was cut after the commit.
Result<void> commit(api::Client& client)
{
    const auto done = client.request("POST", std::format("/tx/commit?tx={}", launch_transaction));
    if (!done.has_value() && done.error().code() != Errc::no_changes) {
        return Failure{done.error()};
    }
    return {};
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
    auto device = files.create(console);
    // Without a console the log and the API tell it.
    if (device.has_value()) {
        (void)(*device)->write_all(text).has_value();
    }
}

} // namespace

Reading read_provider(const Provider& provider, const settings::Model& model, io::Files& files)
{
    Reading reading{{}, {provider.name, "absent", {}}};
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
    std::vector<ProviderReport> reports;
    for (const auto& place : places) {
        auto reading = read_provider(place, model, files);
        if (!reading.values.empty()) {
            TRY(submit(reading, model, client).while_("user data " + place.name));
        }
        log::info("user data", {{"provider", place.name}, {"status", reading.report.status}});
        reports.push_back(std::move(reading.report));
    }
    TRY(commit(client));
    tell_console(files, console_lines(reports));
    TRY(client.request("POST", "/reports/user-data", to_text(to_json(reports))));
    return io::replace_file(files, marker, "");
}

} // namespace holdfast::early_boot_config
