#include "bench/bench.hpp"

#include "base/text.hpp"
#include "bench/machines.hpp"
#include "bench/marks.hpp"
#include "bench/native.hpp"
#include "io/posix/posix_background.hpp"
#include "io/posix/posix_sockets.hpp"
#include "json/json.hpp"
#include "machine/machine.hpp"

#include <algorithm>
#include <cstdio>
#include <map>

namespace holdfast::bench {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

namespace {

/// One boot of one machine: figures by name.
using Figures = std::map<std::string, double>;

/// What to wait for, and what to ask a machine's root shell.
struct Subject {
    std::string_view name;
    fs::path image;
    std::string ready_pattern;   ///< On the console, when its shell can be asked.
    std::string ready_unit;      ///< Whose start counts as ready.
    std::string containerd_unit; ///< The containerd that runs containers.
    std::string container_program; ///< A process that only the container runs; may be empty.
    std::vector<std::string> own_programs; ///< Whose memory is ours.
};

/// "Startup finished in 2.123s (firmware) + 125ms (loader) + …" → seconds before the kernel.
double seconds_before_kernel(const std::string& analysis)
{
    double total = 0;
    for (const auto* stage : {" (firmware)", " (loader)"}) {
        const auto end = analysis.find(stage);
        if (end == std::string::npos) {
            continue;
        }
        auto start = analysis.rfind(' ', end - 1);
        start = start == std::string::npos ? 0 : start + 1;
        const auto text = analysis.substr(start, end - start);
        const double number = std::strtod(text.c_str(), nullptr);
        total += text.ends_with("ms") ? number / 1000 : number;
    }
    return total;
}

Result<std::string> ask(machine::Machine& machine, const std::string& command)
{
    return ask_shell(machine.console(), command);
}

Result<double> ask_number(machine::Machine& machine, const std::string& command)
{
    TRY_ASSIGN(const auto text, ask(machine, command));
    return std::strtod(text.c_str(), nullptr);
}

/// `while read` instead of grep and awk: neither machine has to have them.
std::string sum_of(const std::string& files, const std::string& key)
{
    return std::format("s=0; for f in {}; do while read k v r; do [ \"$k\" = {}: ] && "
                       "s=$((s+v)); done < $f; done; echo $s",
                       files, key);
}

/// Waits until the unit is active; tells when it became so, in seconds since the kernel's start.
Result<double> start_of(machine::Machine& machine, const std::string& unit)
{
    TRY(ask(machine, std::format("until systemctl is-active --quiet {}; do sleep 1; done", unit)));
    TRY_ASSIGN(
        const double microseconds,
        ask_number(machine, "systemctl show --value -p ActiveEnterTimestampMonotonic " + unit));
    return microseconds / 1e6;
}

Result<Figures> measure(machine::Machine& machine, const Subject& subject)
{
    Figures figures;
    TRY_ASSIGN(const double ready, start_of(machine, subject.ready_unit));
    TRY_ASSIGN(const double containerd, start_of(machine, subject.containerd_unit));
    TRY_ASSIGN(const auto analysis, ask(machine, "systemd-analyze time --no-pager"));
    const double before = seconds_before_kernel(analysis);
    figures["ready"] = before + ready;
    figures["containerd"] = before + containerd;
    if (!subject.container_program.empty()) {
        // Field 22 of stat(5): the start, in hundredths of a second since the kernel's.
        TRY_ASSIGN(const double ticks,
                   ask_number(machine, std::format("set -- $(cat /proc/$(pgrep -o -x {})/stat); "
                                                   "shift 21; echo $1",
                                                   subject.container_program)));
        figures["container"] = before + ticks / 100;
    }
    TRY_ASSIGN(const double total, ask_number(machine, sum_of("/proc/meminfo", "MemTotal")));
    TRY_ASSIGN(const double available, ask_number(machine, sum_of("/proc/meminfo", "MemAvailable")));
    figures["memory"] = (total - available) * 1024 / 1e6;
    double own = 0;
    for (const auto& program : subject.own_programs) {
        TRY_ASSIGN(const double kib,
                   ask_number(machine, std::format("l=; for p in $(pgrep -x {}); do l=\"$l "
                                                   "/proc/$p/smaps_rollup\"; done; {}",
                                                   program, sum_of("$l", "Rss"))));
        own += kib * 1024 / 1e6;
    }
    figures["own memory"] = own;
    return figures;
}

Result<Figures> boot_once(image::Context& context, const Subject& subject, const fs::path& folder)
{
    io::PosixBackground background;
    io::PosixSockets sockets;
    auto& system = context.system;
    const machine::World world{system.files, system.clock, system.processes, background, sockets};
    TRY_ASSIGN(const auto options, machine_options(context, subject.image, folder));
    // The first boot makes partitions and keys on both; the second is what a fleet sees each day.
    for (const bool counted : {false, true}) {
        TRY_ASSIGN(auto machine, machine::Machine::start(world, options, folder));
        TRY(machine.console().wait_for(subject.ready_pattern, boot_limit));
        context.system.clock.sleep(counted ? 10s : 5s); // Idle is what comes after the rush.
        TRY(machine.console().type("\n"));
        auto figures = counted ? measure(machine, subject) : Result<Figures>(Figures{});
        if (!counted) {
            // Written data reaches the disk before the plug is pulled.
            TRY(ask(machine, "sync"));
        }
        TRY(machine.cut_power());
        TRY(machine.console().skip_to_end());
        if (counted || !figures.has_value()) {
            return figures;
        }
    }
    return fail(Errc::internal, "no boot was counted");
}

double median(std::vector<double> values)
{
    std::ranges::sort(values);
    return values.empty() ? 0 : values[values.size() / 2];
}

Result<void> print_sizes(image::Context& context, const Plan& plan)
{
    TRY_ASSIGN(const auto text, context.system.files.read(plan.manifest));
    TRY_ASSIGN(const auto manifest, parse_json(text));
    const auto sizes = manifest.value("sizes", Json::object());
    const double images = sizes.value("container-images", 0.0);
    double root = 0;
    for (const auto& file : manifest.value("files", Json::array())) {
        if (file.value("name", "").ends_with("-root.erofs")) {
            root = file.value("size", 0.0);
        }
    }
    print_mark("ROOT payload without the control container's archive", (root - images) / 1e6, "MB",
               90);
    std::printf("%-62s %9.2f MB\n", "  the archive beside it", images / 1e6);
    print_mark("initrd", sizes.value("initrd", 0.0) / 1e6, "MB", 2);
    print_mark("boot manager", sizes.value("boot-manager", 0.0) / 1024, "KiB", 64);
    return {};
}

void print_native(const Native& native)
{
    print_mark("apiclient get settings, natively", native.get_milliseconds, "ms", 10);
    print_mark("apiclient set until rendered and its service restarted, natively",
               native.set_milliseconds, "ms", 150);
    print_mark(std::format("requests lost of {} at once (answered in {:.2f} s)", native.readers,
                           native.readers_seconds),
               native.readers - native.served_readers, "", 0);
}

} // namespace

Result<void> run_native(image::Context& context, const fs::path& root)
{
    TRY_ASSIGN(const auto native, measure_native(context, root));
    print_native(native);
    return {};
}

Result<void> run(image::Context& context, const Plan& plan)
{
    const Subject ours{.name = "holdfast",
                       .image = plan.image,
                       .ready_pattern = "Finished boot-health.service",
                       .ready_unit = "apiserver.service",
                       .containerd_unit = "host-containerd.service",
                       .container_program = "control",
                       .own_programs = {"apiserver", "host-ctr", "host-ctr-wait"}};
    const Subject peer{.name = "peer",
                       .image = plan.peer,
                       .ready_pattern = "root@peer",
                       .ready_unit = "containerd.service",
                       .containerd_unit = "containerd.service",
                       .container_program = "",
                       .own_programs = {}};
    std::map<std::string, std::vector<double>> samples;
    for (int boot = 0; boot < plan.boots; ++boot) {
        for (const auto* subject : {&ours, &peer}) {
            const image::Step step(context, std::format("boot {} ({} of {})", subject->name,
                                                        boot + 1, plan.boots));
            TRY_ASSIGN(const auto figures,
                       boot_once(context, *subject, context.output / "bench" / subject->name)
                           .while_(std::format("booting {}", subject->name)));
            for (const auto& [name, value] : figures) {
                samples[std::format("{} {}", subject->name, name)].push_back(value);
            }
        }
    }
    TRY_ASSIGN(const auto native, measure_native(context, plan.root));

    std::printf("\n%-62s %9s      %s\n", "", "median", "mark");
    const double ready = median(samples["holdfast ready"]);
    const double peer_ready = median(samples["peer ready"]);
    print_mark("firmware start to API ready", ready, "s", 9);
    print_mark("firmware start to control container running", median(samples["holdfast container"]),
               "s", 14);
    std::printf("%-62s %9.2f s\n%-62s %9.2f s\n", "  firmware start to host-containerd ready",
                median(samples["holdfast containerd"]),
                "  peer: firmware start to containerd ready", peer_ready);
    print_mark("API ready, as a part of the peer's containerd ready",
               peer_ready > 0 ? ready / peer_ready : 0, "", 0.6);
    TRY(print_sizes(context, plan));
    const double memory = median(samples["holdfast memory"]);
    const double peer_memory = median(samples["peer memory"]);
    print_mark("resident memory of first-party services, idle",
               median(samples["holdfast own memory"]), "MB", 25);
    std::printf("%-62s %9.2f MB\n%-62s %9.2f MB\n", "  whole machine (total - available)", memory,
                "  peer: whole machine", peer_memory);
    print_mark("whole machine, as a part of the peer's", peer_memory > 0 ? memory / peer_memory : 0,
               "", 0.7);
    print_native(native);
    return {};
}

} // namespace holdfast::bench
