// Two releases that differ by one package, and what the updater fetches for that: made by the image
// builder's own functions, served by nginx, brought over by the updater's own.

#include "bench/prepare/prepare_bench.hpp"
#include "image/boot_files.hpp"
#include "image/disk.hpp"
#include "io/posix/posix_file_locks.hpp"
#include "io/posix/posix_system.hpp"
#include "machine/web_server.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

namespace holdfast {
namespace {

namespace fs = std::filesystem;

std::optional<std::string> no_environment(const char*)
{
    return std::nullopt;
}

class Delta : public ::testing::Test {
protected:
    void SetUp() override
    {
        std::string pattern = "/tmp/holdfast-delta-XXXXXX";
        folder_ = ::mkdtemp(pattern.data());
        context_.output = folder_;
        variant_.name = "delta-test";
        variant_.partitions = {.boot = 8, .root = 64, .hash = 8};
    }
    void TearDown() override { fs::remove_all(folder_); }

    template <typename T>
    static void expect(const Result<T>& result)
    {
        EXPECT_TRUE(result.has_value()) << result.error().message();
    }
    void run(std::vector<std::string> arguments)
    {
        expect(image::run_tool(context_, std::move(arguments)));
    }
    /// A file of the SDK as one of the image's.
    void put(const std::string& source, const std::string& name)
    {
        run({"install", "-D", "--mode=0755", source, (folder_ / "tree" / name).native()});
    }
    /// What zstd makes of a file of the tree alone, as the mark for updates has it.
    std::uint64_t compressed(const std::string& name)
    {
        const auto packed = folder_ / "packed";
        run({"zstd", "--quiet", "--force", "-9", "-o", packed.native(),
             (folder_ / "tree" / name).native()});
        return fs::file_size(packed);
    }

    /// The payloads of the tree as it is: boot, root, hash and blocks in a folder.
    fs::path make_release(const std::string& name, std::int64_t time)
    {
        const auto made = folder_ / name;
        fs::create_directories(made);
        context_.source_date_epoch = std::to_string(time);
        expect(image::make_root_file_system(context_, variant_, folder_ / "tree", made / "root"));
        const auto verity = image::make_verity(context_, variant_, made / "root", made / "hash");
        expect(verity);
        make_boot(verity->root_hash, made / "boot");
        expect(image::make_block_list_file(context_, made / "boot", made / "hash", made / "blocks"));
        return made;
    }
    /// A PE file that differs by the root hash, as the kernel's command line does.
    void make_boot(const std::string& root_hash, const fs::path& file)
    {
        constexpr std::size_t in_a_section = 40'000;
        auto bytes = files_.read("/usr/lib/systemd/boot/efi/linuxx64.efi.stub", 1U << 20);
        expect(bytes);
        bytes->replace(in_a_section, root_hash.size(), root_hash);
        expect(io::replace_file(files_, file, *bytes));
    }

    io::PosixFiles files_;
    io::PosixClock clock_;
    io::PosixRandom random_;
    io::PosixProcesses processes_;
    io::PosixFileLocks locks_;
    io::System system_{files_, clock_, random_, processes_, no_environment};
    image::Context context_{.system = system_,
                            .locks = locks_,
                            .checkout = "/src/holdfast",
                            .output = {},
                            .cache = {},
                            .programs = {},
                            .mirror = {},
                            .architecture = "amd64",
                            .commit8 = "00000000",
                            .source_date_epoch = {}};
    image::Variant variant_;
    fs::path folder_;
};

TEST_F(Delta, OfOnePackageCostsAboutItsCompressedFiles)
{
    put("/usr/bin/cmake", "usr/bin/kept");
    put("/usr/lib/x86_64-linux-gnu/libstdc++.so.6", "usr/lib/libkept.so");
    put("/usr/sbin/nginx", "usr/bin/program");
    put("/usr/lib/x86_64-linux-gnu/libcurl.so.4", "usr/lib/libprogram.so");
    put("/etc/ssl/certs/ca-certificates.crt", "usr/share/program/data");
    const auto before = make_release("old", 1'000'000'000);
    put("/usr/bin/python3", "usr/bin/program");
    put("/usr/lib/x86_64-linux-gnu/libcrypto.so.3", "usr/lib/libprogram.so");
    const auto after = make_release("www", 1'000'500'000);
    ASSERT_FALSE(HasFailure());

    const auto disk = folder_ / "disk.img";
    expect(image::make_disk(context_, variant_, {"1.0.0", "00000000", "x86_64"},
                            {.boot_manager = before / "boot",
                             .uki = before / "boot",
                             .root = before / "root",
                             .hash = before / "hash"},
                            folder_, disk));
    auto server = machine::WebServer::start(after, folder_ / "server");
    ASSERT_TRUE(server.has_value()) << server.error().message();
    const auto asked_before = server->wire_bytes();
    expect(bench::run_prepare_bench({disk.native(), after.native(), server->url()}, system_));
    const auto asked = server->wire_bytes();
    ASSERT_TRUE(asked_before.has_value() && asked.has_value());

    const auto wire = *asked - *asked_before;
    const auto package = compressed("usr/bin/program") + compressed("usr/lib/libprogram.so");
    RecordProperty("wire_bytes", std::to_string(wire));
    RecordProperty("package_bytes", std::to_string(package));
    EXPECT_LE(wire * 100, package * 115) << wire << " bytes for a package of " << package;
    EXPECT_GT(wire * 2, package) << "the server's log is what is counted";
}

} // namespace
} // namespace holdfast
