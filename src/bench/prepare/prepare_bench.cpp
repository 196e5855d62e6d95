#include "bench/prepare/prepare_bench.hpp"

#include "io/block_range.hpp"
#include "io/curl/curl_http_client.hpp"
#include "io/posix/posix_system.hpp"
#include "update/slots/prepare.hpp"
#include "update/tuf/client.hpp"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sys/resource.h>

namespace holdfast::bench {

using io::PosixBlockDevice;

namespace {

/// The number of ROOT-A in DESIGN's layout.
constexpr std::uint32_t root_a = 4;

Result<update::Payload> describe(const std::filesystem::path& folder, const std::string& url,
                                 const std::string& name)
{
    const auto path = folder / name;
    TRY_ASSIGN(const auto file, PosixBlockDevice::open(path, PosixBlockDevice::Access::read_only));
    TRY_ASSIGN(const auto hash, crypto::sha256_of_file(path));
    return update::Payload{
        .name = name, .url = url + "/" + name, .length = file->size(), .sha256 = hash};
}

Result<update::Release> describe_release(const std::filesystem::path& folder,
                                         const std::string& url)
{
    update::Release release;
    TRY_ASSIGN(release.boot, describe(folder, url, "boot"));
    TRY_ASSIGN(release.root, describe(folder, url, "root"));
    TRY_ASSIGN(release.hash, describe(folder, url, "hash"));
    TRY_ASSIGN(release.blocks, describe(folder, url, "blocks"));
    return release;
}

/// The partitions of one set as devices.
struct Set {
    io::BlockRange boot;
    io::BlockRange root;
    io::BlockRange hash;
    update::SetDevices devices() { return {boot, root, hash}; }
};

Set open_set(io::BlockDevice& device, const boot::PartitionTable& table,
             const update::SlotPartitions& numbers)
{
    const auto open = [&](std::uint32_t number) {
        const auto partition = table.partition(number - 1);
        const auto sector = device.sector_size();
        return io::BlockRange(device, partition.first_block * sector,
                              (partition.last_block - partition.first_block + 1) * sector);
    };
    return {open(numbers.boot), open(numbers.root), open(numbers.hash)};
}

/// As updog has it in memory while it fills a set.
Result<tuf::Client> open_repository(const std::string& trusted, const std::string& metadata_url,
                                    io::HttpClient& http, io::System& system)
{
    TRY_ASSIGN(auto client, tuf::Client::open(http, system.files, system.clock,
                                              {.metadata_dir = trusted,
                                               .keeps_repositories_apart = true,
                                               .metadata_url = metadata_url,
                                               .targets_url = metadata_url}));
    TRY(client.refresh());
    return client;
}

double cpu_seconds(const rusage& usage)
{
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

rusage usage_so_far()
{
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return usage;
}

/// Of this program alone: ru_maxrss would count what its starter had in memory before exec(2), too.
long peak_kib()
{
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("VmHWM:")) {
            return std::strtol(line.c_str() + sizeof "VmHWM:", nullptr, 10);
        }
    }
    return 0;
}

void print(const update::Progress& progress, double cpu)
{
    std::printf("{\"written\":%llu,\"kept\":%llu,\"copied\":%llu,\"fetched\":%llu,\"wire\":%llu,"
                "\"requests\":%llu,\"cpu-seconds\":%.3f,\"peak-kib\":%ld}\n",
                static_cast<unsigned long long>(progress.bytes_done),
                static_cast<unsigned long long>(progress.bytes_kept),
                static_cast<unsigned long long>(progress.bytes_copied),
                static_cast<unsigned long long>(progress.bytes_fetched),
                static_cast<unsigned long long>(progress.wire_bytes),
                static_cast<unsigned long long>(progress.requests), cpu, peak_kib());
}

} // namespace

Result<int> run_prepare_bench(const std::vector<std::string>& arguments, io::System& system)
{
    if (arguments.size() != 3 && arguments.size() != 5) {
        return fail(Errc::invalid, "usage: prepare-bench DISK FOLDER URL [TRUSTED METADATA-URL]");
    }
    TRY_ASSIGN(const auto release, describe_release(arguments[1], arguments[2]));
    TRY_ASSIGN(const auto device,
               PosixBlockDevice::open(arguments[0], PosixBlockDevice::Access::exclusive));
    boot::BlockDeviceDisk disk(*device);
    const auto table = std::make_unique<boot::PartitionTable>();
    if (!boot::load_table(disk, *table).has_value()) {
        return fail(Errc::corrupt, "{} has no partition table", arguments[0]);
    }
    TRY_ASSIGN(auto signpost, update::Signpost::open(*device, root_a));
    auto active = open_set(*device, *table, signpost.partitions(update::SlotName::a));
    auto inactive = open_set(*device, *table, signpost.partitions(update::SlotName::b));
    TRY_ASSIGN(const auto http, io::CurlHttpClient::create(system.clock, {}));
    std::optional<tuf::Client> repository;
    if (arguments.size() == 5) {
        TRY_ASSIGN(auto opened, open_repository(arguments[3], arguments[4], *http, system));
        repository.emplace(std::move(opened));
    }

    const double before = cpu_seconds(usage_so_far());
    TRY_ASSIGN(const auto prepared,
               update::prepare({signpost, [&](const auto& change) { return change(signpost); },
                                active.devices(), inactive.devices()},
                               release, *http));
    if (prepared.list_problem) {
        return Failure{*prepared.list_problem};
    }
    print(prepared.progress, cpu_seconds(usage_so_far()) - before);
    return 0;
}

} // namespace holdfast::bench
