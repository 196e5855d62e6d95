#include "releases.hpp"

#include "base/text.hpp"
#include "image/build.hpp"
#include "io/posix/posix_file_locks.hpp"
#include "migrations.hpp"

#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <format>
#include <sys/file.h>
#include <unistd.h>

namespace holdfast::vm {

namespace {

namespace fs = std::filesystem;

constexpr auto releases_folder = "out/test-releases";

std::optional<std::string> environment(const char* name)
{
    const char* value = std::getenv(name);
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

/// A file that a version brings beside the programs.
struct OverlayFile {
    std::string path;
    std::string text;
};

OverlayFile migration(const std::string& version)
{
    return {std::format("usr/share/holdfast/migrations/v{}_test.toml", version),
            migration_of(version)};
}

/// Stops PID 1 by the freezer of its control group: nothing feeds the watchdog any more.
constexpr auto trouble_script = R"(case `cat /etc/motd` in
panic) echo c > /proc/sysrq-trigger ;;
hang) echo 1 > /sys/fs/cgroup/init.scope/cgroup.freeze; sleep infinity ;;
service)
  mkdir -p /run/systemd/system/host-containerd.service.d
  printf '[Service]\nRestart=no\nExecStart=\nExecStart=/usr/bin/false\n' \
    > /run/systemd/system/host-containerd.service.d/broken.conf
  systemctl daemon-reload
  systemctl restart --no-block host-containerd.service ;;
esac
)";

constexpr auto trouble_unit = R"([Unit]
Description=Go wrong as settings.motd says
After=configured.target
Before=multi-user.target
[Service]
Type=oneshot
ExecStart=/usr/bin/bash /usr/share/test-trouble
)";

constexpr auto units = "usr/lib/systemd/system";

std::vector<OverlayFile> trouble(const OverlayFile& earlier_migration)
{
    return {earlier_migration,
            {"usr/share/test-trouble", trouble_script},
            {std::format("{}/test-trouble.service", units), trouble_unit},
            {std::format("{}/multi-user.target.d/test-trouble.conf", units),
             "[Unit]\nWants=test-trouble.service\n"},
            migration("1.9.0")};
}

Result<std::string> build_version(io::System& system, const std::string& version,
                                  const std::vector<OverlayFile>& overlay_files)
{
    const auto output = checkout / releases_folder / version;
    const auto overlay = output / "overlay";
    TRY(system.files.create_directories(overlay));
    for (const auto& [path, text] : overlay_files) {
        TRY(system.files.create_directories((overlay / path).parent_path()));
        TRY(io::replace_file(system.files, overlay / path, text));
    }
    TRY_ASSIGN(auto variant, image::load_variant(checkout / "variants" / (variant_under_test() + ".toml")));
    variant.overlays.push_back(overlay.lexically_relative(checkout));
    io::PosixFileLocks locks;
    image::Context context{.system = system,
                           .locks = locks,
                           .checkout = checkout,
                           .output = output,
                           .cache = "/var/cache/holdfast",
                           .programs = checkout / "build/release/bin",
                           .mirror = environment("HOLDFAST_MIRROR").value_or(""),
                           .architecture = "amd64",
                           .commit8 = environment("HOLDFAST_COMMIT").value_or(""),
                           .source_date_epoch = environment("SOURCE_DATE_EPOCH").value_or(""),
                           .version = version,
                           .compression_level = 1};
    TRY_ASSIGN(const auto built, image::build_variant(context, variant));
    return built.prefix;
}

/// Held while this process builds: suites run side by side and share the builds.
class BuildLock {
public:
    BuildLock()
        : fd_(::open((checkout / releases_folder / ".lock").c_str(),
                     O_CREAT | O_RDWR | O_CLOEXEC, 0644))
    {
        (void)::flock(fd_, LOCK_EX);
    }
    ~BuildLock() { ::close(fd_); }
    BuildLock(const BuildLock&) = delete;
    BuildLock& operator=(const BuildLock&) = delete;

private:
    int fd_;
};

} // namespace

Result<Releases> Releases::build(const std::set<std::string>& wanted)
{
    fs::create_directories(checkout / releases_folder);
    const BuildLock lock;
    io::PosixFiles files;
    io::PosixClock clock;
    io::PosixRandom random;
    io::PosixProcesses processes;
    io::System system{files, clock, random, processes, environment};
    Releases releases;
    const auto first = migration("1.1.0");
    const auto second = migration("1.2.0");
    const std::vector<std::pair<std::string, std::vector<OverlayFile>>> versions{
        {"1.0.0", {}}, {"1.1.0", {first}}, {"1.2.0", {first, second}}, {"1.9.0", trouble(first)}};
    for (const auto& [version, overlay] : versions) {
        if (!wanted.contains(version)) {
            continue;
        }
        TRY_ASSIGN(releases.prefixes_[version],
                   build_version(system, version, overlay).while_("building " + version));
    }
    return releases;
}

fs::path Releases::image(const std::string& version) const
{
    return checkout / releases_folder / version / variant_under_test() /
           (prefixes_.at(version) + ".img");
}

std::string Releases::manifest(const std::string& version) const
{
    return std::format("{}/{}/{}/{}-manifest.json", releases_folder, version,
                       variant_under_test(), prefixes_.at(version));
}

Result<Repository> Repository::create(const std::string& name)
{
    Repository repository("out/test-logs/" + name, "");
    fs::remove_all(repository.folder());
    TRY(repository.run({"init"}));
    return repository;
}

Result<Repository> Repository::create_foreign(const std::string& name,
                                              const std::vector<std::string>& options)
{
    const auto relative = "out/test-logs/" + name;
    Repository repository(relative, relative + "-keys");
    fs::remove_all(repository.folder());
    fs::remove_all(checkout / repository.keys_);
    std::vector<std::string> arguments{"init"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    TRY(repository.run(std::move(arguments)));
    return repository;
}

Result<std::string> Repository::run(std::vector<std::string> arguments)
{
    io::PosixProcesses processes;
    // The tool reads typed paths from the user's folder, which is the checkout here.
    std::vector<std::string> command{"env", "HOLDFAST_WORK=" + checkout.native(),
                                     checkout / "build/dev/bin/holdfast", "repo",
                                     "--repository", relative_};
    if (!keys_.empty()) {
        command.insert(command.end(), {"--keys", keys_});
    }
    command.insert(command.end(), arguments.begin(), arguments.end());
    return io::run_checked(processes, {.arguments = std::move(command)});
}

Result<void> Repository::add(const Releases& releases, const std::string& version,
                             const std::vector<std::string>& migrates_from,
                             const std::vector<std::string>& more)
{
    std::vector<std::string> arguments{"add", "--variant", variant_under_test(), "--build",
                                       releases.manifest(version)};
    for (const auto& from : migrates_from) {
        arguments.insert(arguments.end(), {"--migrates-from", from});
    }
    arguments.insert(arguments.end(), more.begin(), more.end());
    TRY(run(std::move(arguments)));
    return {};
}

fs::path Repository::folder() const
{
    return checkout / relative_;
}

Result<fs::path> Repository::target(const std::string& version, const std::string& end) const
{
    for (const auto& entry : fs::directory_iterator(folder() / "targets")) {
        const auto name = entry.path().filename().native();
        if (name.contains("-" + version + "-") && name.ends_with(end)) {
            return entry.path();
        }
    }
    return fail(Errc::not_found, "no target of {} ends with {}", version, end);
}

} // namespace holdfast::vm
