#include "image/packages.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <set>

namespace holdfast::image {

namespace fs = std::filesystem;

namespace {

constexpr auto keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";

fs::path apt_folder(const Context& context)
{
    return context.cache / (context.suite == released_suite ? "apt" : "apt-" + context.suite);
}

/// apt with state, cache and sources of our own, as if nothing were installed.
std::vector<std::string> apt(const Context& context, std::string program,
                             std::vector<std::string> arguments)
{
    const auto folder = apt_folder(context).native();
    std::vector<std::string> command{
        std::move(program),
        "-o", "Dir::Etc::SourceList=" + folder + "/sources.list",
        "-o", "Dir::Etc::SourceParts=-",
        "-o", "Dir::State=" + folder + "/state",
        "-o", "Dir::State::Status=" + folder + "/status",
        "-o", "Dir::Cache=" + folder + "/cache",
        "-o", "APT::Architecture=" + context.architecture,
        "-o", "APT::Install-Recommends=false",
        "-o", "APT::Sandbox::User=root",
        "-o", "Acquire::Languages=none",
        "-o", "Acquire::Retries=5",
    };
    if (context.suite != released_suite) {
        // Only the index of a released suite stays valid for as long as nobody makes a newer one; a mirror's
        // copy of another may be old. What comes from there is looked into and never shipped.
        command.insert(command.end(), {"-o", "Acquire::Check-Valid-Until=false"});
    }
    std::ranges::move(arguments, std::back_inserter(command));
    return command;
}

/// The signed list of what the index consists of: another index has another one.
Result<std::string> hash_of_index(Context& context)
{
    const auto lists = apt_folder(context) / "state/lists";
    TRY_ASSIGN(const auto names, context.system.files.list(lists));
    Key key;
    for (const auto& name : names) {
        if (name.ends_with("Release")) {
            TRY_ASSIGN(const auto content, context.system.files.read(lists / name));
            key.add(name).add(content);
        }
    }
    return key.hex();
}

Result<std::string> fetch_index(Context& context, const std::string& sources)
{
    const Step step(context, "fetch the package index");
    const auto folder = apt_folder(context);
    auto& files = context.system.files;
    // First of all, so that an index that could not be fetched is never taken for one that was.
    TRY(files.remove(folder / "updated"));
    TRY(files.create_directories(folder / "state/lists/partial"));
    TRY(files.create_directories(folder / "cache/archives/partial"));
    TRY(files.create_directories(folder / "debs"));
    TRY(io::replace_file(files, folder / "status", ""));
    TRY(io::replace_file(files, folder / "sources.list", sources));
    TRY(run_tool(context, apt(context, "apt-get", {"update", "-qq", "--error-on=any"}))
            .while_("fetching the package index"));
    TRY_ASSIGN(const auto hash, hash_of_index(context));
    TRY(io::replace_file(files, folder / "updated", hash));
    return hash;
}

struct Resolved {
    std::string name;
    std::string version;
    std::string architecture;

    /// apt writes an epoch's colon as %3a in file names.
    std::string file_name() const
    {
        auto text = version;
        if (const auto colon = text.find(':'); colon != std::string::npos) {
            text.replace(colon, 1, "%3a");
        }
        return name + "_" + text + "_" + architecture + ".deb";
    }
};

/// Reads "Inst systemd (257.9-1 Debian:13.2/stable [amd64])" lines of a simulated installation.
std::vector<Resolved> read_simulation(std::string_view output)
{
    std::vector<Resolved> packages;
    for (const auto& line : split(output, '\n')) {
        const auto words = split(line, ' ');
        if (words.size() < 4 || words[0] != "Inst" || !words[2].starts_with('(')) {
            continue;
        }
        // "[]" may follow, where apt lists what is broken for the moment.
        const auto close = line.find("])");
        const auto open = close == std::string::npos ? close : line.rfind('[', close);
        if (open == std::string::npos) {
            continue;
        }
        packages.push_back({words[1], words[2].substr(1), line.substr(open + 1, close - open - 1)});
    }
    std::ranges::sort(packages, {}, &Resolved::name);
    return packages;
}

Result<std::vector<Resolved>> resolve(Context& context, const std::vector<std::string>& names)
{
    std::vector<std::string> arguments{"install", "--simulate", "--yes"};
    arguments.insert(arguments.end(), names.begin(), names.end());
    TRY_ASSIGN(const auto outcome, context.system.processes.run(
                                       {.arguments = apt(context, "apt-get", arguments)}));
    if (outcome.exit_status != 0) {
        for (const auto& name : names) {
            if (outcome.errors.contains("E: Unable to locate package " + name + "\n") ||
                outcome.errors.contains("E: Package '" + name + "' has no installation")) {
                return fail(Errc::not_found, "the mirror has no package \"{}\"", name);
            }
        }
        return fail(Errc::io, "apt could not resolve the packages: {}",
                    trimmed(outcome.errors.empty() ? outcome.output : outcome.errors));
    }
    return read_simulation(outcome.output);
}

Result<void> download(Context& context, const std::vector<Resolved>& packages)
{
    const auto folder = apt_folder(context) / "debs";
    std::vector<std::string> missing;
    for (const auto& package : packages) {
        if (!context.system.files.exists(folder / package.file_name())) {
            missing.push_back(package.name + "=" + package.version);
        }
    }
    if (missing.empty()) {
        return {};
    }
    // `apt-get download` writes into the working directory; env -C sets it.
    auto command = apt(context, "apt-get", {"download", "-qq"});
    command.insert(command.begin(), {"env", "-C", folder.native()});
    command.insert(command.end(), missing.begin(), missing.end());
    TRY(run_tool(context, command).while_("downloading packages"));
    return {};
}

std::string field(std::string_view control, std::string_view name)
{
    for (const auto& line : split(control, '\n')) {
        if (line.starts_with(name) && line.substr(name.size()).starts_with(": ")) {
            return line.substr(name.size() + 2);
        }
    }
    return {};
}

Result<Package> describe(Context& context, const Resolved& resolved)
{
    Package package{.name = resolved.name,
                    .version = resolved.version,
                    .architecture = resolved.architecture,
                    .source = {},
                    .maintainer = {},
                    .homepage = {},
                    .summary = {},
                    .file = apt_folder(context) / "debs" / resolved.file_name()};
    TRY_ASSIGN(const auto control, run_tool(context, {"dpkg-deb", "--field", package.file.native()}));
    const auto source = field(control, "Source");
    package.source = source.empty() ? package.name : source.substr(0, source.find(' '));
    package.maintainer = field(control, "Maintainer");
    package.homepage = field(control, "Homepage");
    package.summary = field(control, "Description");
    return package;
}

/// Resolves `names`, and downloads those of the packages that are wanted.
Result<std::vector<Package>> fetch_where(Context& context, const std::vector<std::string>& names,
                                         const std::function<bool(const Resolved&)>& wanted)
{
    const auto resolve_wanted = [&]() -> Result<std::vector<Resolved>> {
        TRY(package_index(context));
        TRY_ASSIGN(auto resolved, resolve(context, names));
        std::erase_if(resolved, [&](const auto& package) { return !wanted(package); });
        return resolved;
    };
    TRY_ASSIGN(auto resolved, resolve_wanted());
    if (!download(context, resolved).has_value()) {
        // A kept index can name versions that the mirror no longer has.
        TRY(refresh_index(context));
        TRY_ASSIGN(resolved, resolve_wanted());
        TRY(download(context, resolved));
    }
    std::vector<Package> packages;
    for (const auto& package : resolved) {
        TRY_ASSIGN(auto described, describe(context, package));
        packages.push_back(std::move(described));
    }
    return packages;
}

} // namespace

Result<std::unique_ptr<io::FileLock>> lock_packages(Context& context)
{
    constexpr auto pause = std::chrono::milliseconds{200};
    constexpr auto limit = std::chrono::minutes{30};
    TRY(context.system.files.create_directories(apt_folder(context)));
    auto& clock = context.system.clock;
    bool told = false;
    for (const auto start = clock.monotonic_now();; clock.sleep(pause)) {
        auto lock = context.locks.try_lock(apt_folder(context) / "lock", io::Locking::exclusive);
        if (lock.has_value() || lock.error().code() != Errc::locked ||
            clock.monotonic_now() - start > limit) {
            return lock;
        }
        if (!told) {
            std::fprintf(stderr, "  waiting for another build, which uses the package cache\n");
            told = true;
        }
    }
}

Result<std::string> package_index(Context& context)
{
    const auto folder = apt_folder(context);
    auto& files = context.system.files;
    const auto sources =
        std::format("deb [signed-by={}] {} {} main\n", keyring, context.mirror, context.suite);
    const auto present = files.read(folder / "sources.list");
    const auto hash = files.read(folder / "updated");
    if (present.has_value() && *present == sources && hash.has_value() && !hash->empty()) {
        return hash;
    }
    return fetch_index(context, sources);
}

Result<void> refresh_index(Context& context)
{
    return context.system.files.remove(apt_folder(context) / "updated");
}

Result<std::vector<Package>> fetch_packages(Context& context,
                                            const std::vector<std::string>& names,
                                            const std::vector<std::string>& exclude)
{
    std::set<std::string> excluded(exclude.begin(), exclude.end());
    for (const auto& name : names) {
        excluded.erase(name);
    }
    return fetch_where(context, names, [&](const Resolved& package) {
        return !excluded.contains(package.name);
    });
}

Result<std::vector<Package>> fetch_packages_alone(Context& context,
                                                  const std::vector<std::string>& names)
{
    return fetch_where(context, names, [&](const Resolved& package) {
        return std::ranges::contains(names, package.name);
    });
}

Result<void> extract_packages(Context& context, const std::vector<Package>& packages,
                              const fs::path& folder)
{
    TRY(context.system.files.create_directories(folder));
    // base-files first: it brings /bin, /lib and /sbin as links into /usr, which later packages
    // must find.
    auto order = packages;
    std::ranges::stable_partition(order, [](const auto& p) { return p.name == "base-files"; });
    for (const auto& package : order) {
        TRY(run_tool(context, {"dpkg-deb", "--extract", package.file.native(), folder.native()})
                .while_(std::format("unpacking {}", package.name)));
    }
    return {};
}

} // namespace holdfast::image
