#include "image/oci/oci_archive.hpp"

#include "io/posix/posix_system.hpp"
#include "json/json.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fcntl.h>
#include <sys/stat.h>
#include <utime.h>

namespace holdfast::image {
namespace {

class OciArchive : public ::testing::Test {
protected:
    void SetUp() override
    {
        std::string pattern = "/tmp/oci-archive-XXXXXX";
        folder = ::mkdtemp(pattern.data());
        root = folder / "root";
        ASSERT_TRUE(files.create_directories(root / "bin", 0755));
        write("bin/zebra", "stripes");
        write("bin/ant", "six legs");
        ASSERT_EQ(::symlink("ant", (root / "bin/alias").c_str()), 0);
    }

    void TearDown() override
    {
        io::PosixProcesses processes;
        (void)processes.run({.arguments = {"rm", "-rf", folder.native()}, .input = {},
                             .environment = {}});
    }

    void write(const std::string& name, const std::string& text)
    {
        ASSERT_TRUE(files.remove(root / name).has_value());
        auto file = files.create(root / name, 0755);
        ASSERT_TRUE(file.has_value());
        ASSERT_TRUE((*file)->write_all(text));
    }

    OciImage image() const
    {
        return {.root = root,
                .entrypoint = {"/bin/ant", "walk"},
                .environment = {"HOME=/root"},
                .labels = {{"a", "b"}},
                .source_date_epoch = 1'700'000'000};
    }

    std::string build(const std::string& name)
    {
        const auto built = build_oci_archive(image(), folder / name);
        EXPECT_TRUE(built.has_value()) << built.error().message();
        return files.read(folder / name, 64U << 20).value_or("");
    }

    /// What an independent tool makes of it.
    std::string tool(std::vector<std::string> arguments)
    {
        io::PosixProcesses processes;
        auto output = io::run_checked(
            processes, {.arguments = std::move(arguments), .input = {}, .environment = {}});
        EXPECT_TRUE(output.has_value()) << output.error().message();
        return output.has_value() ? *output : "";
    }

    io::PosixFiles posix_files;
    io::Files& files = posix_files;
    std::filesystem::path folder;
    std::filesystem::path root;
};

TEST_F(OciArchive, SameTreeGivesSameBytesWhateverItsTimes)
{
    const auto first = build("first.tar");
    const utimbuf another_time{1, 1};
    ASSERT_EQ(::utime((root / "bin/ant").c_str(), &another_time), 0);
    ASSERT_FALSE(first.empty());
    EXPECT_TRUE(first == build("second.tar"));
}

TEST_F(OciArchive, ModeAndContentMatter)
{
    const auto first = build("first.tar");
    ASSERT_EQ(::chmod((root / "bin/ant").c_str(), 0700), 0);
    const auto second = build("second.tar");
    EXPECT_FALSE(first == second);
    write("bin/ant", "no legs");
    EXPECT_FALSE(second == build("third.tar"));
}

TEST_F(OciArchive, OtherToolsReadTheImage)
{
    build("image.tar");
    const auto text = tool({"skopeo", "inspect", "--config",
                            "oci-archive:" + (folder / "image.tar").native()});
    const auto config = parse_json(text);
    ASSERT_TRUE(config.has_value()) << text;
    EXPECT_EQ((*config)["config"]["Entrypoint"], Json({"/bin/ant", "walk"}));
    EXPECT_EQ((*config)["config"]["Env"], Json({"HOME=/root"}));
    EXPECT_EQ((*config)["config"]["Labels"], Json({{"a", "b"}}));
    EXPECT_EQ((*config)["created"], "2023-11-14T22:13:20Z");
}

TEST_F(OciArchive, LayerHoldsTheTreeSortedAndOwnedByRoot)
{
    build("image.tar");
    tool({"tar", "-C", folder.native(), "-xf", (folder / "image.tar").native()});
    const auto index = parse_json(*files.read(folder / "index.json"));
    const auto blob = [&](const Json& descriptor) {
        return folder / "blobs/sha256" / descriptor["digest"].get<std::string>().substr(7);
    };
    const auto manifest = parse_json(*files.read(blob((*index)["manifests"][0])));
    ASSERT_TRUE(manifest.has_value());
    const auto listing = tool({"tar", "--zstd", "--numeric-owner", "--full-time", "-tvf",
                               blob((*manifest)["layers"][0]).native()});
    EXPECT_EQ(listing, "drwxr-xr-x 0/0               0 2023-11-14 22:13:20 bin/\n"
                       "lrwxrwxrwx 0/0               0 2023-11-14 22:13:20 bin/alias -> ant\n"
                       "-rwxr-xr-x 0/0               8 2023-11-14 22:13:20 bin/ant\n"
                       "-rwxr-xr-x 0/0               7 2023-11-14 22:13:20 bin/zebra\n");
}

TEST_F(OciArchive, RefusesWhatItCannotStoreAndLeavesNothing)
{
    ASSERT_EQ(::mkfifo((root / "pipe").c_str(), 0600), 0);
    const auto built = build_oci_archive(image(), folder / "image.tar");
    ASSERT_FALSE(built.has_value());
    EXPECT_EQ(built.error().code(), Errc::unsupported);
    EXPECT_THAT(*files.list(folder), ::testing::ElementsAre("root"));
}

TEST_F(OciArchive, RefusesAMissingTree)
{
    auto lost = image();
    lost.root = folder / "lost";
    EXPECT_FALSE(build_oci_archive(lost, folder / "image.tar").has_value());
}

} // namespace
} // namespace holdfast::image
