#include "image/disk.hpp"

#include "io/posix/posix_system.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace holdfast::image {

namespace fs = std::filesystem;

namespace {

constexpr std::int64_t mebibyte = std::int64_t{1} << 20;

// boot.md §1.1: types that tools look for.
constexpr auto type_efi = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B";
constexpr auto type_boot = "6B636168-7420-6568-2070-6C616E657421";
constexpr auto type_root = "5526016A-1A97-4EA4-B39A-B7C8C6CA4502";
constexpr auto type_hash = "598F10AF-C955-4456-6A99-7720068A6CEA";
constexpr auto type_private = "440408BB-EB0B-4328-A6E5-A29038FAD706";

struct Partition {
    std::string_view name;
    std::string_view type;
    std::int64_t mebibytes;
};

std::vector<Partition> partitions_of(const PartitionSizes& sizes)
{
    return {{"EFI-SYSTEM", type_efi, sizes.efi},
            {"EFI-BACKUP", type_efi, sizes.efi},
            {"HOLDFAST-BOOT-A", type_boot, sizes.boot},
            {"HOLDFAST-ROOT-A", type_root, sizes.root},
            {"HOLDFAST-HASH-A", type_hash, sizes.hash},
            {"HOLDFAST-BOOT-B", type_boot, sizes.boot},
            {"HOLDFAST-ROOT-B", type_root, sizes.root},
            {"HOLDFAST-HASH-B", type_hash, sizes.hash},
            {"HOLDFAST-PRIVATE", type_private, sizes.private_}};
}

std::string uuid_of(const Variant& variant, const Release& release, std::string_view what)
{
    return image::uuid_of(std::format("{} {} {} {}", variant.name, release.version,
                                      release.commit8, what));
}

Result<void> make_empty_file(const fs::path& file, std::int64_t size)
{
    const io::UniqueFd fd(::open(file.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (!fd || ::ftruncate(fd.get(), size) != 0) {
        return fail_errno(std::format("creating {}", file.native()), errno);
    }
    return {};
}

/// Copies a file into the image at an offset, leaving holes where it has them.
Result<void> copy_into(Context& context, const fs::path& file, const fs::path& image,
                       std::int64_t offset)
{
    TRY(run_tool(context, {"dd", "if=" + file.native(), "of=" + image.native(), "bs=1M",
                           std::format("seek={}", offset / mebibyte), "conv=notrunc,sparse",
                           "status=none"}));
    return {};
}

Result<void> make_efi_file_system(Context& context, const Variant& variant,
                                  const fs::path& boot_manager, const fs::path& file)
{
    TRY(make_empty_file(file, variant.partitions.efi * mebibyte));
    const auto serial = crypto::sha256("holdfast efi " + variant.name).hex().substr(0, 8);
    TRY(run_tool(context, {"mformat", "-i", file.native(), "-N", serial, "-v", "HOLDFAST", "::"}));
    TRY(run_tool(context, {"mmd", "-i", file.native(), "::/EFI", "::/EFI/BOOT"}));
    TRY(run_tool(context, {"touch", "--date=@" + context.source_date_epoch, boot_manager.native()}));
    TRY(run_tool(context, {"mcopy", "-m", "-i", file.native(), boot_manager.native(),
                           "::/EFI/BOOT/BOOTX64.EFI"}));
    return {};
}

Result<void> make_private_file_system(Context& context, const Variant& variant,
                                      const Release& release, const fs::path& file)
{
    TRY(make_empty_file(file, variant.partitions.private_ * mebibyte));
    TRY(run_tool(context,
                 {"mke2fs", "-q", "-t", "ext4", "-b", "4096", "-i", "4096", "-I", "256", "-m", "0",
                  "-L", "HOLDFAST-PRIVATE", "-U", uuid_of(variant, release, "private"), "-E",
                  "lazy_itable_init=0,lazy_journal_init=0,hash_seed=" +
                      uuid_of(variant, release, "private hash seed"),
                  file.native()}));
    return {};
}

Result<void> write_table(Context& context, const Variant& variant, const Release& release,
                         const fs::path& image)
{
    std::vector<std::string> command{"sgdisk", "--set-alignment=2048",
                                     "--disk-guid=" + uuid_of(variant, release, "disk")};
    int number = 1;
    for (const auto& partition : partitions_of(variant.partitions)) {
        command.push_back(std::format("--new={}:0:+{}M", number, partition.mebibytes));
        command.push_back(std::format("--typecode={}:{}", number, partition.type));
        command.push_back(std::format("--change-name={}:{}", number, partition.name));
        command.push_back(std::format("--partition-guid={}:{}", number,
                                      uuid_of(variant, release, partition.name)));
        if (partition.name == "HOLDFAST-BOOT-A") {
            command.push_back(std::format("--attributes={}:set:48", number)); // priority 1
            command.push_back(std::format("--attributes={}:set:56", number)); // successful
        }
        ++number;
    }
    command.push_back(image.native());
    TRY(run_tool(context, command));
    return {};
}

} // namespace

namespace {

/// File and line of a partition's size; of the variant where the size is the default.
std::string place_of(const Variant& variant, std::string_view partition)
{
    const auto place = variant.places.find(std::format("partitions.{}", partition));
    if (place != variant.places.end()) {
        return place->second;
    }
    return (variant.sources.empty() ? variant.name : variant.sources.front().native()) + ":1";
}

} // namespace

Result<std::vector<std::string>> check_sizes(const Variant& variant, const DiskContent& content)
{
    struct Row {
        std::string_view key;
        const fs::path& file;
        std::int64_t mebibytes;
    };
    const std::array rows{Row{"boot", content.uki, variant.partitions.boot},
                          Row{"root", content.root, variant.partitions.root},
                          Row{"hash", content.hash, variant.partitions.hash}};
    std::vector<std::string> warnings;
    for (const auto& row : rows) {
        std::error_code error;
        const auto size = static_cast<std::int64_t>(fs::file_size(row.file, error));
        const auto room = row.mebibytes * mebibyte;
        const auto megabytes = [](std::int64_t bytes) { return static_cast<double>(bytes) / 1e6; };
        if (size > room) {
            return fail(Errc::invalid,
                        "{}: partitions.{}: the payload has {:.1f} MB, the partition {:.1f} MB; "
                        "make the partition larger or the image smaller",
                        place_of(variant, row.key), row.key, megabytes(size), megabytes(room));
        }
        if (size * 10 > room * 7) {
            warnings.push_back(std::format("the {} payload fills {} % of its partition", row.key,
                                           size * 100 / room));
        }
    }
    return warnings;
}

Result<void> make_disk(Context& context, const Variant& variant, const Release& release,
                       const DiskContent& content, const fs::path& work, const fs::path& image)
{
    const auto efi = work / "efi.fat";
    const auto private_ = work / "private.ext4";
    TRY(make_efi_file_system(context, variant, content.boot_manager, efi));
    TRY(make_private_file_system(context, variant, release, private_));

    const auto draft = fs::path(image.native() + ".new");
    std::int64_t total = 2; // One MiB for the GPT at each end.
    for (const auto& partition : partitions_of(variant.partitions)) {
        total += partition.mebibytes;
    }
    TRY(make_empty_file(draft, total * mebibyte));
    TRY(write_table(context, variant, release, draft));

    const std::map<std::string_view, fs::path> files{{"EFI-SYSTEM", efi},
                                                     {"EFI-BACKUP", efi},
                                                     {"HOLDFAST-BOOT-A", content.uki},
                                                     {"HOLDFAST-ROOT-A", content.root},
                                                     {"HOLDFAST-HASH-A", content.hash},
                                                     {"HOLDFAST-PRIVATE", private_}};
    std::int64_t offset = mebibyte;
    for (const auto& partition : partitions_of(variant.partitions)) {
        if (const auto file = files.find(partition.name); file != files.end()) {
            TRY(copy_into(context, file->second, draft, offset));
        }
        offset += partition.mebibytes * mebibyte;
    }
    return context.system.files.rename(draft, image);
}

} // namespace holdfast::image
