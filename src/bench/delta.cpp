#include "bench/delta.hpp"

#include "base/text.hpp"
#include "bench/large_repository.hpp"
#include "bench/marks.hpp"
#include "bench/rauc.hpp"
#include "image/boot_files.hpp"
#include "image/disk.hpp"
#include "image/packages.hpp"
#include "json/json.hpp"
#include "machine/web_server.hpp"

#include <array>
#include <cstdio>
#include <sys/resource.h>

namespace holdfast::bench {

namespace fs = std::filesystem;

namespace {

constexpr std::array<std::string_view, 3> payload_names{"boot", "root", "hash"};
constexpr std::size_t block_size = 4096;
/// How often ROOT is in the large one: nearly 2 GB, more than one window of the updater's index.
constexpr std::uint64_t copies_in_large = 20;

std::uint64_t size_of(const fs::path& file)
{
    std::error_code error;
    return fs::file_size(file, error);
}

/// CPU seconds of all programs that were run so far.
double seconds_of_children()
{
    rusage usage{};
    ::getrusage(RUSAGE_CHILDREN, &usage);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/// One benchmark, in one folder.
class DeltaBench {
public:
    DeltaBench(image::Context& context, const DeltaPlan& plan)
        : context_(context), plan_(plan), folder_(context.output / "bench/delta"),
          old_(folder_ / "old"), new_(folder_ / "www/new")
    {
        variant_.name = "bench-delta";
    }

    Result<void> run()
    {
        std::error_code error;
        fs::remove_all(folder_, error);
        for (const auto& folder : {old_, new_, folder_ / "out"}) {
            TRY(context_.system.files.create_directories(folder));
        }
        TRY(make_releases());
        TRY(make_repository());
        TRY(count_changed_files());
        TRY_ASSIGN(auto server, machine::WebServer::start(folder_ / "www", folder_ / "server"));
        server_.emplace(std::move(server));
        TRY(measure_ours());
        TRY(measure_large());
        TRY(measure_casync());
        TRY(measure_zchunk());
        TRY(measure_whole());
        // Last, for it needs a machine.
        TRY(measure_rauc());
        print_marks();
        return {};
    }

private:
    Result<void> tool(std::vector<std::string> arguments)
    {
        TRY(run_tool(context_, std::move(arguments)));
        return {};
    }

    Result<void> make_releases()
    {
        const auto tree = folder_ / "tree";
        TRY(tool({"fsck.erofs", "--preserve", "--extract=" + tree.native(),
                  plan_.build.native() + "-root.erofs"}));
        TRY(lay_over(plan_.old_files, tree));
        TRY(make_release(tree, old_, 1'000'000'000));
        TRY(lay_over(plan_.new_files, tree));
        return make_release(tree, new_, 1'000'500'000);
    }

    Result<void> lay_over(const fs::path& files, const fs::path& tree)
    {
        return tool({"cp", "-a", "--remove-destination", (files / ".").native(), tree.native()});
    }

    Result<void> make_release(const fs::path& tree, const fs::path& folder, std::int64_t time)
    {
        const image::Step step(context_, std::format("make the release {}", folder.native()));
        context_.source_date_epoch = std::to_string(time);
        TRY(image::make_root_file_system(context_, variant_, tree, folder / "root"));
        TRY_ASSIGN(const auto verity,
                   image::make_verity(context_, variant_, folder / "root", folder / "hash"));
        TRY(make_boot(verity, folder / "boot"));
        return image::make_block_list_file(context_, folder / "boot", folder / "hash",
                                           folder / "blocks");
    }

    /// The built UKI with this root hash in its command line, signed anew.
    Result<void> make_boot(const image::Verity& verity, const fs::path& file)
    {
        TRY_ASSIGN(auto bytes, context_.system.files.read(plan_.build.native() + "-boot.efi",
                                                          std::size_t{256} << 20));
        constexpr std::string_view key = "holdfast.verity=";
        const auto at = bytes.find(key);
        if (at == std::string::npos) {
            return fail(Errc::corrupt, "the UKI names no root hash");
        }
        bytes.replace(at + key.size(), verity.root_hash.size(), verity.root_hash);
        const auto unsigned_file = folder_ / "boot.unsigned";
        TRY(io::replace_file(context_.system.files, unsigned_file, bytes));
        TRY_ASSIGN(const auto keys, image::development_keys(context_));
        return image::sign_efi(context_, keys, unsigned_file, file);
    }

    /// What machines trust, of a repository that has many releases. It is no part of the bytes that
    /// are counted, so it does not lie where the server would show it.
    Result<void> make_repository()
    {
        auto& files = context_.system.files;
        TRY(make_large_repository(files, folder_ / "metadata"));
        TRY_ASSIGN(const auto root, files.read(folder_ / "metadata/1.root.json"));
        TRY(files.create_directories(folder_ / "trusted"));
        return io::replace_file(files, folder_ / "trusted/root.json", root);
    }

    Result<std::uint64_t> compressed(const fs::path& file, std::string_view level)
    {
        const auto packed = folder_ / "packed.zst";
        TRY(tool({"zstd", "--quiet", "--force", std::string(level), "-o", packed.native(),
                  file.native()}));
        return size_of(packed);
    }

    /// What the mark is made of: the files that differ, each compressed by itself.
    Result<void> count_changed_files()
    {
        for (const auto& entry : fs::recursive_directory_iterator(plan_.new_files)) {
            if (!entry.is_regular_file() || entry.is_symlink()) {
                continue;
            }
            const auto name = entry.path().lexically_relative(plan_.new_files);
            TRY_ASSIGN(const auto after, crypto::sha256_of_file(entry.path()));
            const auto before = crypto::sha256_of_file(plan_.old_files / name);
            if (before.has_value() && *before == after) {
                continue;
            }
            TRY_ASSIGN(const auto quick, compressed(entry.path(), "-9"));
            TRY_ASSIGN(const auto slow, compressed(entry.path(), "-19"));
            std::printf("changed: %-50s %8.3f MB, zstd -9 %.3f, zstd -19 %.3f\n", name.c_str(),
                        static_cast<double>(size_of(entry.path())) / 1e6,
                        static_cast<double>(quick) / 1e6, static_cast<double>(slow) / 1e6);
            changed_quick_ += quick;
            changed_slow_ += slow;
        }
        std::printf("%-59s %8s     zstd -9 %.3f, zstd -19 %.3f\n\n", "all changed files", "",
                    static_cast<double>(changed_quick_) / 1e6,
                    static_cast<double>(changed_slow_) / 1e6);
        return {};
    }

    void print_row(std::string_view what, std::uint64_t wire, std::optional<double> cpu) const
    {
        const auto bytes = static_cast<double>(wire);
        std::printf("%-46s %9.3f MB on the wire = %5.2f / %5.2f of the changed files", what.data(),
                    bytes / 1e6, bytes / static_cast<double>(changed_quick_),
                    bytes / static_cast<double>(changed_slow_));
        if (cpu) {
            std::printf(", %.2f s of CPU", *cpu);
        }
        std::printf("\n");
    }

    void print_peer(const std::string& name, std::uint64_t wire, std::optional<double> cpu)
    {
        print_row(name, wire, cpu);
        peers_.emplace_back(name, wire);
    }

    void print_marks() const
    {
        const auto part_of = [this](std::uint64_t other) {
            return static_cast<double>(wire_) / static_cast<double>(other);
        };
        std::printf("\n");
        print_mark("on the wire, as a part of the changed files by zstd -9",
                   part_of(changed_quick_), "", 1.15);
        for (const auto& [name, wire] : peers_) {
            print_mark("on the wire, as a part of that of " + name, part_of(wire), "", 1);
        }
        print_mark("peak memory of the updater", peak_, "MB", 32);
        print_mark("peak memory of the updater with the large ROOT", peak_with_large_, "MB", 32);
    }

    /// Bytes in both directions since the last call.
    Result<std::uint64_t> take_bytes()
    {
        TRY_ASSIGN(const auto all, server_->wire_bytes());
        return all - std::exchange(counted_, all);
    }

    /// A disk with `active` in set A.
    Result<fs::path> disk_with(const fs::path& active)
    {
        auto disk = folder_ / "disk.img";
        TRY(image::make_disk(context_, variant_, {"1.0.0", "00000000", "x86_64"},
                             {.boot_manager = context_.programs / "BOOTX64.EFI",
                              .uki = active / "boot",
                              .root = active / "root",
                              .hash = active / "hash"},
                             folder_, disk));
        return disk;
    }

    /// Brings `release`, which is below `www`, onto a disk that runs `active`.
    Result<Json> prepare(const fs::path& active, const fs::path& release)
    {
        TRY_ASSIGN(const auto disk, disk_with(active));
        TRY_ASSIGN(
            const auto output,
            run_tool(context_, {(context_.programs / "prepare-bench").native(), disk.native(),
                                release.native(),
                                std::format("{}/{}", server_->url(), release.filename().native()),
                                (folder_ / "trusted").native(),
                                "file://" + (folder_ / "metadata").native()}));
        std::printf("  %s\n", std::string(trimmed(output)).c_str());
        return parse_json(output);
    }

    static double peak_megabytes(const Json& figures)
    {
        return figures.value("peak-kib", 0.0) * 1024 / 1e6;
    }

    Result<void> measure_ours()
    {
        TRY_ASSIGN(const auto figures, prepare(old_, new_));
        TRY_ASSIGN(wire_, take_bytes());
        peak_ = peak_megabytes(figures);
        print_row("holdfast", wire_, figures.value("cpu-seconds", 0.0));
        std::printf("  CPU per GB written %.2f s, peak memory %.1f MB\n",
                    figures.value("cpu-seconds", 0.0) / figures.value("written", 1.0) * 1e9, peak_);
        return {};
    }

    /// The same with a ROOT many times as large, to show that memory does not follow it.
    Result<void> measure_large()
    {
        const auto large = folder_ / "www/large";
        TRY(context_.system.files.create_directories(large));
        const auto bytes = size_of(new_ / "root");
        for (std::uint64_t copy = 0; copy < copies_in_large; ++copy) {
            TRY(tool({"dd", "if=" + (new_ / "root").native(), "of=" + (large / "root").native(),
                      std::format("bs={}", block_size),
                      std::format("seek={}", copy * bytes / block_size), "conv=notrunc",
                      "status=none"}));
        }
        TRY_ASSIGN(const auto verity,
                   image::make_verity(context_, variant_, large / "root", large / "hash"));
        TRY(make_boot(verity, large / "boot"));
        TRY(image::make_block_list_file(context_, large / "boot", large / "hash",
                                        large / "blocks"));
        const auto sizes = variant_.partitions;
        variant_.partitions.root = 4096;
        variant_.partitions.hash = 64;
        TRY_ASSIGN(const auto figures, prepare(large, large));
        variant_.partitions = sizes;
        TRY(take_bytes());
        peak_with_large_ = peak_megabytes(figures);
        std::printf("  with a ROOT of %.2f GB: peak memory %.1f MB\n\n",
                    static_cast<double>(copies_in_large * bytes) / 1e9, peak_with_large_);
        std::error_code error;
        fs::remove_all(large, error);
        return {};
    }

    Result<void> expect_same(const fs::path& out, std::string_view name)
    {
        return tool({"cmp", out.native(), (new_ / name).native()});
    }

    Result<void> measure_casync()
    {
        const auto store = folder_ / "www/store";
        for (const auto name : payload_names) {
            TRY(tool({"casync", "make", "--store=" + store.native(),
                      std::format("{}/www/{}.caibx", folder_.native(), name),
                      (new_ / name).native()}));
        }
        const double before = seconds_of_children();
        for (const auto name : payload_names) {
            const auto out = folder_ / "out" / (std::string(name) + ".casync");
            TRY(tool({"casync", "extract", "--store=" + server_->url() + "/store",
                      "--seed=" + (old_ / name).native(),
                      std::format("{}/{}.caibx", server_->url(), name),
                      out.native()}));
        }
        const double cpu = seconds_of_children() - before;
        for (const auto name : payload_names) {
            TRY(expect_same(folder_ / "out" / (std::string(name) + ".casync"), name));
        }
        TRY_ASSIGN(const auto bytes, take_bytes());
        print_peer("casync", bytes, cpu);
        return {};
    }

    Result<void> measure_zchunk()
    {
        for (const auto name : payload_names) {
            const auto packed = std::string(name) + ".zck";
            TRY(tool({"zck", "-o", (folder_ / "www" / packed).native(), (new_ / name).native()}));
            TRY(tool({"zck", "-o", (old_ / packed).native(), (old_ / name).native()}));
        }
        const double before = seconds_of_children();
        for (const auto name : payload_names) {
            const auto packed = std::string(name) + ".zck";
            TRY(tool({"env", "-C", (folder_ / "out").native(), "zckdl", "--source",
                      (old_ / packed).native(), server_->url() + "/" + packed}));
            TRY(tool({"env", "-C", (folder_ / "out").native(), "unzck", packed}));
        }
        const double cpu = seconds_of_children() - before;
        for (const auto name : payload_names) {
            TRY(expect_same(folder_ / "out" / name, name));
        }
        TRY_ASSIGN(const auto bytes, take_bytes());
        print_peer("zchunk", bytes, cpu);
        return {};
    }

    Result<void> measure_rauc()
    {
        TRY_ASSIGN(const auto image, make_debian_image(context_, rauc_machine()));
        TRY_ASSIGN(const auto disk, disk_with(old_));
        const RaucPlan plan{.payloads = new_, .disk = disk, .folder = folder_ / "rauc"};
        TRY(make_rauc_bundle(context_, plan, folder_ / "www"));
        {
            const image::Step step(context_, "install by RAUC in a machine");
            TRY(install_rauc_bundle(context_, plan, image, *server_));
        }
        TRY_ASSIGN(const auto bytes, take_bytes());
        print_peer("RAUC, block-hash-index", bytes, std::nullopt);
        return {};
    }

    Result<void> measure_whole()
    {
        for (const auto name : payload_names) {
            TRY(tool({"curl", "--silent", "--fail", "--output",
                      (folder_ / "out/whole").native(),
                      std::format("{}/new/{}", server_->url(), name)}));
        }
        TRY_ASSIGN(const auto bytes, take_bytes());
        print_row("whole images", bytes, std::nullopt);
        return {};
    }

    image::Context& context_;
    const DeltaPlan& plan_;
    fs::path folder_;
    fs::path old_;
    fs::path new_;
    std::optional<machine::WebServer> server_;
    std::uint64_t counted_ = 0;
    image::Variant variant_;
    std::uint64_t changed_quick_ = 0;
    std::uint64_t changed_slow_ = 0;
    std::uint64_t wire_ = 0; ///< Ours.
    double peak_ = 0;        ///< In MB, as the next one.
    double peak_with_large_ = 0;
    std::vector<std::pair<std::string, std::uint64_t>> peers_; ///< Name and bytes on the wire.
};

} // namespace

Result<void> unpack_changed_files(image::Context& context, const std::string& suite,
                                  const fs::path& folder)
{
    auto of_suite = context;
    of_suite.suite = suite;
    TRY_ASSIGN(const auto lock, image::lock_packages(of_suite));
    TRY_ASSIGN(const auto packages, image::fetch_packages_alone(
                                        of_suite, {"openssl", "libssl3t64", "libcurl4t64"}));
    for (const auto& package : packages) {
        std::printf("  %s: %s %s\n", suite.c_str(), package.name.c_str(),
                    package.version.c_str());
    }
    std::error_code error;
    fs::remove_all(folder, error);
    TRY(image::extract_packages(of_suite, packages, folder));
    // As in an image: no documentation, and /etc is made at boot.
    for (const auto* unwanted : {"usr/share", "etc"}) {
        fs::remove_all(folder / unwanted, error);
    }
    return {};
}

Result<void> run_delta(image::Context& context, const DeltaPlan& plan)
{
    return DeltaBench(context, plan).run();
}

} // namespace holdfast::bench
