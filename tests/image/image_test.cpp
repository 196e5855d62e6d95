// Looks into the built images: what metal-host must not contain, what the documents beside them
// say, and that a second build gives the same bytes.

#include "image/build.hpp"
#include "io/posix/posix_file_locks.hpp"
#include "io/posix/posix_system.hpp"
#include "machine/partitions.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>

namespace holdfast::image {
namespace {

namespace fs = std::filesystem;

std::optional<std::string> environment(const char* name)
{
    const char* value = std::getenv(name);
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

class Images : public ::testing::Test {
protected:
    Images()
    {
        std::string name = "/tmp/image-test-XXXXXX";
        folder_ = ::mkdtemp(name.data());
    }
    ~Images() override { fs::remove_all(folder_); }

    /// A second world for the builder, with nothing in its cache but what was downloaded. One for
    /// all tests: what one has built, the next need not.
    static void SetUpTestSuite()
    {
        std::string name = "/tmp/image-test-XXXXXX";
        second_ = ::mkdtemp(name.data());
        fs::create_directory(second_ / "cache");
        fs::create_symlink("/var/cache/holdfast/apt", second_ / "cache/apt");
    }
    static void TearDownTestSuite() { fs::remove_all(second_); }

    Context second_context()
    {
        return {.system = system,
                .locks = locks,
                .checkout = "/src/holdfast",
                .output = second_ / "out",
                .cache = second_ / "cache",
                .programs = "/src/holdfast/build/release/bin",
                .mirror = environment("HOLDFAST_MIRROR").value_or(""),
                .architecture = "amd64",
                .commit8 = environment("HOLDFAST_COMMIT").value_or(""),
                .source_date_epoch = environment("SOURCE_DATE_EPOCH").value_or("")};
    }
    /// What building fails with when metal-host differs by these lines.
    std::string error_of(const std::string& lines)
    {
        const auto file = folder_ / "metal-host.toml";
        std::ofstream(file) << "include = [\"/src/holdfast/variants/metal-host.toml\"]\n" << lines;
        auto context = second_context();
        const auto variant = load_variant(file);
        EXPECT_TRUE(variant.has_value()) << variant.error().message();
        const auto built = build_variant(context, *variant);
        EXPECT_FALSE(built.has_value());
        return built.has_value() ? "" : built.error().message();
    }

    io::PosixFiles files;
    io::PosixClock clock;
    io::PosixRandom random;
    io::PosixProcesses processes;
    io::PosixFileLocks locks;
    io::System system{files, clock, random, processes, environment};
    fs::path folder_;
    static fs::path second_;
};

fs::path Images::second_;

std::string read_text(const fs::path& file)
{
    std::ifstream stream(file);
    std::ostringstream text;
    text << stream.rdbuf();
    return text.str();
}

bool is_script(const fs::path& path)
{
    std::ifstream file(path);
    char start[2] = {};
    file.read(start, 2);
    return start[0] == '#' && start[1] == '!';
}

TEST_F(Images, MetalHostHasNoShellPackageManagerInterpreterOrSetuidProgram)
{
    const auto tree = folder_ / "root";
    const auto extracted =
        processes.run({.arguments = {"fsck.erofs", "--extract=" + tree.native(),
                                     "out/metal-host/latest-root.erofs"}});
    ASSERT_TRUE(extracted.has_value() && extracted->exit_status == 0);

    const std::regex forbidden(
        "(ba|da|z|k|c|tc|fi|a)?sh|busybox|python[0-9.]*|perl[0-9.]*|lua.*|ruby.*|node|awk|[mgn]awk|"
        "tclsh.*|apt(-.*)?|dpkg(-.*)?|rpm|su|sudo|doas|pkexec|ssh|sshd|ctr|gcc|cc|ld|as");
    int programs = 0;
    for (const auto& entry : fs::recursive_directory_iterator(tree)) {
        const auto path = entry.path();
        const auto mode = entry.symlink_status().permissions();
        if (entry.is_symlink() || entry.is_directory()) {
            if (path.parent_path().filename() == "bin" || path.parent_path().filename() == "sbin") {
                EXPECT_FALSE(std::regex_match(path.filename().native(), forbidden)) << path;
            }
            continue;
        }
        EXPECT_EQ(mode & (fs::perms::set_uid | fs::perms::set_gid), fs::perms::none) << path;
        if ((mode & fs::perms::owner_exec) == fs::perms::none) {
            continue;
        }
        ++programs;
        EXPECT_FALSE(std::regex_match(path.filename().native(), forbidden)) << path;
        EXPECT_FALSE(is_script(path)) << path << " is a script: nothing here could run it";
    }
    EXPECT_GT(programs, 20) << "the tree looks empty";
}

/// A package that is cut away too eagerly shows at once, not when a machine first runs the program.
TEST_F(Images, EveryProgramFindsItsLibraries)
{
    for (const std::string variant : {"metal-host", "metal-dev"}) {
        const auto tree = folder_ / variant;
        const auto image = "out/" + variant + "/latest-root.erofs";
        ASSERT_TRUE(
            processes.run({.arguments = {"fsck.erofs", "--extract=" + tree.native(), image}})
                .has_value());
        std::set<std::string> present;
        std::vector<std::string> command{"readelf", "--dynamic"};
        for (const auto& entry : fs::recursive_directory_iterator(tree / "usr")) {
            const auto name = entry.path().filename().native();
            if (name.contains(".so")) {
                present.insert(name);
            }
            const bool program = (entry.symlink_status().permissions() & fs::perms::owner_exec) !=
                                 fs::perms::none;
            if (entry.is_regular_file() && !entry.is_symlink() &&
                (program || name.contains(".so"))) {
                command.push_back(entry.path().native());
            }
        }
        const auto listed = processes.run({.arguments = command});
        ASSERT_TRUE(listed.has_value());
        std::istringstream lines(listed->output);
        std::string file;
        int needed = 0;
        const std::regex library(R"(\(NEEDED\).*\[(.*)\])");
        for (std::string line; std::getline(lines, line);) {
            std::smatch match;
            if (line.starts_with("File: ")) {
                file = line.substr(6);
            } else if (std::regex_search(line, match, library)) {
                ++needed;
                EXPECT_TRUE(present.contains(match[1]))
                    << variant << ": " << file << " needs " << match[1];
            }
        }
        EXPECT_GT(needed, 100) << variant << ": nothing was checked";
    }
}

/// The lines of readelf that tell how each of these programs was linked, by its name.
std::map<std::string, std::string> elf_headers(io::Processes& processes, const fs::path& folder,
                                               const std::vector<std::string>& names)
{
    std::map<std::string, std::string> headers;
    for (const auto& name : names) {
        const auto told =
            processes.run({.arguments = {"readelf", "--wide", "--file-header", "--program-headers",
                                         "--dynamic", "--dyn-syms", (folder / name).native()}});
        EXPECT_TRUE(told.has_value() && told->exit_status == 0) << name;
        headers[name] = told.has_value() ? told->output : "";
    }
    return headers;
}

std::size_t count(std::string_view text, std::string_view what)
{
    std::size_t found = 0;
    for (auto at = text.find(what); at != text.npos; at = text.find(what, at + what.size())) {
        ++found;
    }
    return found;
}

/// What cmake/flags.cmake asks the compiler and the linker for, in the programs as they are
/// shipped.
TEST_F(Images, OurProgramsAreHardened)
{
    const auto variant = load_variant("/src/holdfast/variants/metal-host.toml");
    ASSERT_TRUE(variant.has_value()) << variant.error().message();
    const auto tree = folder_ / "root";
    ASSERT_TRUE(processes
                    .run({.arguments = {"fsck.erofs", "--extract=" + tree.native(),
                                        "out/metal-host/latest-root.erofs"}})
                    .has_value());
    const auto headers = elf_headers(processes, tree / "usr/bin", variant->programs);
    ASSERT_GT(headers.size(), 15U);
    int guarded = 0;
    for (const auto& [name, text] : headers) {
        SCOPED_TRACE(name);
        const bool is_static = !text.contains("(NEEDED)");
        EXPECT_TRUE(std::regex_search(text, std::regex("Type: +DYN"))) << "position independent";
        EXPECT_TRUE(text.contains("GNU_RELRO")) << "relocations end read-only";
        EXPECT_TRUE(std::regex_search(text, std::regex("\\(FLAGS_1\\).* NOW"))) << "all of them";
        EXPECT_TRUE(std::regex_search(text, std::regex("GNU_STACK .* RW +0x"))) << "no code there";
        EXPECT_FALSE(std::regex_search(text, std::regex("LOAD .* RWE "))) << "nor anywhere";
        // Static ones have libc's own guard, whatever ours was compiled with.
        guarded += text.contains("__stack_chk_fail") ? 1 : 0;
        EXPECT_TRUE(is_static || text.contains("__stack_chk_fail")) << "stack protector";
        // Landing pads for indirect branches. The mark that would have a kernel ask for them is
        // missing, as it is in Debian's C runtime.
        EXPECT_GT(count(read_text(tree / "usr/bin" / name), "\xf3\x0f\x1e\xfa"), 50U) << "CET";
    }
    EXPECT_GT(guarded, 10) << "most are not static";
    EXPECT_TRUE(headers.at("apiserver").contains("_chk@GLIBC")) << "_FORTIFY_SOURCE";
}

constexpr std::array published = {"-root.erofs", "-hash.verity", "-boot.efi",     "-blocks.list",
                                  ".img",        ".spdx.json",   "-manifest.json"};

/// Each published file is the same in both folders.
void expect_same_files(const Built& built, const fs::path& expected)
{
    for (const auto* suffix : published) {
        const auto first = crypto::sha256_of_file(expected / (built.prefix + suffix));
        const auto second = crypto::sha256_of_file(built.folder / (built.prefix + suffix));
        ASSERT_TRUE(first.has_value() && second.has_value()) << suffix;
        EXPECT_EQ(first->hex(), second->hex()) << suffix;
        EXPECT_EQ(fs::read_symlink(built.folder / ("latest" + std::string(suffix))),
                  built.prefix + suffix);
    }
}

/// Of what everything else rests on: the boot manager, by the one compiler, and the initrd, by the
/// other. All the rest would take minutes; `./holdfast bench build` compares it.
TEST_F(Images, ASecondCompilationGivesTheSameProgramsBitForBit)
{
    const auto build = second_ / "build";
    for (const auto& command : std::vector<std::vector<std::string>>{
             {"cmake", "--preset", "release", "-B", build.native()},
             {"env", "CCACHE_DISABLE=1", "ninja", "-C", build.native(), "BOOTX64", "initrd"}}) {
        const auto outcome = processes.run({.arguments = command});
        ASSERT_TRUE(outcome.has_value()) << outcome.error().message();
        ASSERT_EQ(outcome->exit_status, 0) << outcome->output << outcome->errors;
    }
    for (const auto* name : {"BOOTX64.EFI", "initrd"}) {
        const auto program = read_text(build / "bin" / name);
        EXPECT_FALSE(program.empty()) << name;
        EXPECT_TRUE(program == read_text(fs::path("build/release/bin") / name)) << name;
    }
}

/// Builds both variants again from nothing but the downloaded packages and our compiled programs.
TEST_F(Images, ASecondBuildOfOneCommitIsTheSameBitForBit)
{
    auto context = second_context();
    for (const std::string name : {"metal-host", "metal-dev"}) {
        SCOPED_TRACE(name);
        const auto variant = load_variant("/src/holdfast/variants/" + name + ".toml");
        ASSERT_TRUE(variant.has_value()) << variant.error().message();
        const auto built = build_variant(context, *variant);
        ASSERT_TRUE(built.has_value()) << built.error().message();
        expect_same_files(*built, "out/" + name);
    }
}

/// Interrupted by something that fails half-way, which is as good as Ctrl-C.
TEST_F(Images, AnInterruptedBuildLeavesNothingThatDescribesOtherFiles)
{
    auto context = second_context();
    const auto variant = load_variant("/src/holdfast/variants/metal-host.toml");
    ASSERT_TRUE(variant.has_value() && build_variant(context, *variant).has_value());
    auto altered = *variant;
    altered.initrd_modules.emplace_back("no_such_module");
    ASSERT_FALSE(build_variant(context, altered).has_value());
    for (const auto& entry : fs::directory_iterator(context.output / "metal-host")) {
        const auto file = entry.path().filename().native();
        EXPECT_FALSE(file.starts_with("latest") || file.ends_with("-manifest.json")) << file;
    }

    const auto built = build_variant(context, *variant);
    ASSERT_TRUE(built.has_value()) << built.error().message();
    expect_same_files(*built, "out/metal-host");
}

Json read_document(const fs::path& file)
{
    return parse_json(read_text(file)).value_or(Json::object());
}

/// shim refuses a program whose line has fewer than six fields, or an empty one.
TEST_F(Images, TheBootManagerCanBeRevokedByItsGeneration)
{
    const auto program = read_text("out/metal-host/work/BOOTX64.EFI");
    const std::regex line("\nholdfast-boot,[1-9][0-9]*,[^,\n]+,[^,\n]+,[^,\n]+,[^,\n]+\n");
    EXPECT_TRUE(std::regex_search(program, line));
    EXPECT_FALSE(program.contains(".invalid")) << "no host that does not exist";
}

/// A new boot manager is written to one copy; a machine that loses power meanwhile starts from the
/// other, so that has to be there from the first boot on.
TEST_F(Images, TheDiskHoldsTheBootManagerTwice)
{
    for (const std::string variant : {"metal-host", "metal-dev"}) {
        SCOPED_TRACE(variant);
        const auto disk = io::PosixBlockDevice::open("out/" + variant + "/latest.img",
                                                     io::PosixBlockDevice::Access::read_only);
        ASSERT_TRUE(disk.has_value()) << disk.error().message();
        std::vector<std::string> copies;
        for (const auto* label : {"EFI-SYSTEM", "EFI-BACKUP"}) {
            const auto partition = machine::find_partition(**disk, label);
            ASSERT_TRUE(partition.has_value()) << partition.error().message();
            const auto bytes = machine::read_bytes(**disk, label, 0, partition->size);
            ASSERT_TRUE(bytes.has_value()) << bytes.error().message();
            copies.emplace_back(reinterpret_cast<const char*>(bytes->data()), bytes->size());
        }
        EXPECT_TRUE(copies.front() == copies.back());
        const auto program = read_text("out/" + variant + "/work/BOOTX64.EFI");
        ASSERT_FALSE(program.empty());
        EXPECT_TRUE(copies.front().contains(program)) << "in one piece, as on a fresh FAT";
    }
}

TEST_F(Images, TheBillOfMaterialsAndTheManifestSayWhatIsInContainerImages)
{
    std::set<std::string> contained;
    const auto bill = read_document("out/metal-dev/latest.spdx.json");
    for (const auto& link : bill.value("relationships", Json::array())) {
        if (link["spdxElementId"] == "SPDXRef-Container-control" &&
            link["relationshipType"] == "CONTAINS") {
            contained.insert(link["relatedSpdxElement"].get<std::string>());
        }
    }
    EXPECT_TRUE(contained.contains("SPDXRef-Package-busybox-static"));

    const auto manifest = read_document("out/metal-dev/latest-manifest.json");
    const Json::json_pointer busybox("/containers/control/packages/busybox-static");
    EXPECT_TRUE(manifest.contains(busybox));
    EXPECT_FALSE(manifest["packages"].contains("busybox-static"))
        << "the host itself has no such program";
    const auto root = crypto::sha256_of_file("keys/repository/root.json");
    ASSERT_TRUE(root.has_value());
    EXPECT_EQ(manifest["update-root"], root->hex()) << "what its machines trust";
}

TEST_F(Images, AMissingPackageIsNamedWithFileAndLine)
{
    const auto message = error_of("[root]\npackages = [\n  \"no-such-package\",\n]\n");
    EXPECT_NE(message.find("metal-host.toml:4: "), std::string::npos) << message;
    EXPECT_NE(message.find("no package \"no-such-package\""), std::string::npos) << message;
}

TEST_F(Images, AMissingOverlayIsNamedWithFileAndLine)
{
    const auto message = error_of("[root]\noverlays = [\"src/no-such-folder\"]\n");
    EXPECT_NE(message.find("metal-host.toml:3: "), std::string::npos) << message;
    EXPECT_NE(message.find("overlay \"src/no-such-folder\""), std::string::npos) << message;
}

TEST_F(Images, AMissingModuleIsNamedWithFileAndLine)
{
    const auto message = error_of("[kernel]\ninitrd-modules = [\"no_such_module\"]\n");
    EXPECT_NE(message.find("metal-host.toml:3: "), std::string::npos) << message;
    EXPECT_NE(message.find("no module \"no_such_module\""), std::string::npos) << message;
}

TEST_F(Images, APayloadThatDoesNotFitIsRefusedWithFileAndLine)
{
    const auto message = error_of("[partitions]\nroot = 8\n");
    EXPECT_NE(message.find("metal-host.toml:3: partitions.root: the payload has"),
              std::string::npos)
        << message;
}

} // namespace
} // namespace holdfast::image
