#include "boot/core/slots.hpp"
#include "boot/core/table_io.hpp"
#include "boot/hosted/block_device_disk.hpp"
#include "boot/initrd/command_line.hpp"
#include "boot/initrd/efi_variable.hpp"
#include "boot/initrd/machine_id.hpp"
#include "boot/initrd/memory_reserve.hpp"
#include "boot/initrd/modules.hpp"
#include "boot/initrd/partitions.hpp"
#include "boot/initrd/verity.hpp"
#include "boot/testing/test_disk.hpp"

#include <array>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace holdfast::initrd {
namespace {

using ::testing::HasSubstr;

const std::string root_hash(64, 'a');
const std::string good_line = "console=ttyS0 quiet holdfast.verity=" + root_hash +
                              " holdfast.verity_data_blocks=25000 holdfast.verity_salt=00ff --\n";

std::string text_of(const Fault& fault)
{
    return std::string(fault.text.view());
}

TEST(MemoryReserve, IsWhatTheKernelComputes)
{
    struct Case {
        std::uint64_t memory;
        std::uint64_t reserve;
    };
    // Machines of 512 MiB, 2 GiB and 64 GiB; the bounds.
    for (const auto& [memory, reserve] :
         {Case{512 << 10, 2896}, Case{2014640, 5677}, Case{64 << 20, 32768}, Case{1, 128},
          Case{std::uint64_t{1} << 40, 262144}}) {
        EXPECT_EQ(memory_reserve(memory), reserve) << memory;
    }
}

TEST(FixedText, DropsWhatDoesNotFitAndSaysSo)
{
    FixedText<4> text;
    text.append("ab").append(std::uint64_t{12});
    EXPECT_EQ(text.view(), "ab12");
    EXPECT_FALSE(text.overflowed());
    text.append("x");
    EXPECT_EQ(text.view(), "ab12");
    EXPECT_TRUE(text.overflowed());
}

TEST(CommandLine, TakesOurWordsOutOfMany)
{
    const auto request = parse_command_line(good_line);
    ASSERT_TRUE(request.has_value());
    EXPECT_EQ(request->root_hash.view(), root_hash);
    EXPECT_EQ(request->data_blocks, 25000U);
    EXPECT_EQ(request->salt.view(), "00ff");
    EXPECT_EQ(request->set, std::nullopt);
}

TEST(CommandLine, TakesTheSetOfADirectBoot)
{
    const auto request = parse_command_line("holdfast.set=b " + good_line);
    ASSERT_TRUE(request.has_value());
    EXPECT_EQ(request->set, 'b');
}

TEST(CommandLine, RefusesASecondRootHash)
{
    const auto request = parse_command_line(good_line + " holdfast.verity=" + std::string(64, 'b'));
    ASSERT_FALSE(request.has_value());
    EXPECT_THAT(text_of(request.error()), HasSubstr("holdfast.verity is there twice"));
}

TEST(CommandLine, RefusesWhatIsMissingOrMalformed)
{
    const auto line = [](const std::string& hash, const std::string& blocks,
                         const std::string& salt) {
        return "holdfast.verity=" + hash + " holdfast.verity_data_blocks=" + blocks +
               " holdfast.verity_salt=" + salt;
    };
    const std::vector<std::string> bad = {
        "",
        "quiet",
        line(std::string(63, 'a'), "1", "00"),
        line(std::string(65, 'a'), "1", "00"),
        line(std::string(64, 'A'), "1", "00"), // one spelling only
        line(root_hash, "0", "00"),
        line(root_hash, "-1", "00"),
        line(root_hash, "1x", "00"),
        line(root_hash, "99999999999999999999999", "00"),
        line(root_hash, "1099511627777", "00"),
        line(root_hash, "1", "0"),
        line(root_hash, "1", "zz"),
        line(root_hash, "1", std::string(514, '0')),
        good_line + " holdfast.set=c",
        good_line + " holdfast.set=",
    };
    for (const auto& text : bad) {
        EXPECT_FALSE(parse_command_line(text).has_value()) << text;
    }
}

std::vector<std::byte> variable(std::u16string_view text)
{
    std::vector<std::byte> bytes(4, std::byte{7});
    for (const auto unit : text) {
        bytes.push_back(static_cast<std::byte>(unit & 0xff));
        bytes.push_back(static_cast<std::byte>(unit >> 8));
    }
    return bytes;
}

TEST(EfiVariable, IsTextWithOrWithoutANulAtTheEnd)
{
    using namespace std::literals;
    EXPECT_EQ(decode_text_variable(variable(u"holdfast-a.efi\0"sv))->view(), "holdfast-a.efi");
    EXPECT_EQ(decode_text_variable(variable(u"holdfast-a.efi"))->view(), "holdfast-a.efi");
}

TEST(EfiVariable, IsNothingWhenItIsNoPlainText)
{
    EXPECT_FALSE(decode_text_variable({}));
    EXPECT_FALSE(decode_text_variable(variable(u"")));
    EXPECT_FALSE(decode_text_variable(variable(u"caf\u00e9")));
    EXPECT_FALSE(decode_text_variable(variable(u"\u0161")));
    EXPECT_FALSE(decode_text_variable(variable(u"a\nb")));
    EXPECT_FALSE(decode_text_variable(variable(std::u16string(65, u'a'))));
    auto cut = variable(u"ab");
    cut.pop_back();
    EXPECT_FALSE(decode_text_variable(cut));
}

TEST(EfiVariable, NamesASet)
{
    EXPECT_EQ(set_of_entry("holdfast-a.efi"), 'a');
    EXPECT_EQ(set_of_entry("holdfast-b.efi"), 'b');
    EXPECT_EQ(set_of_entry("holdfast-c.efi"), std::nullopt);
    EXPECT_EQ(set_of_entry(""), std::nullopt);
}

Partition partition(std::string_view disk, std::uint64_t number, std::string_view name,
                    std::string_view uuid = "")
{
    Partition made;
    made.device.append(disk).append(number);
    made.disk.append(disk);
    made.number = number;
    made.name.append(name);
    made.uuid.append(uuid);
    return made;
}

constexpr std::string_view esp = "11111111-2222-3333-4444-abcdefabcdef";

std::vector<Partition> disk_named(std::string_view disk, std::string_view esp_uuid)
{
    return {partition(disk, 1, "EFI-SYSTEM", esp_uuid), partition(disk, 4, "HOLDFAST-ROOT-A"),
            partition(disk, 5, "HOLDFAST-HASH-A"),      partition(disk, 7, "HOLDFAST-ROOT-B"),
            partition(disk, 8, "HOLDFAST-HASH-B"),      partition(disk, 9, "HOLDFAST-PRIVATE")};
}

std::vector<Partition> operator+(std::vector<Partition> a, const std::vector<Partition>& b)
{
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

LoaderChoice loader(std::string_view uuid, std::optional<char> set)
{
    return {.esp_uuid = FixedText<64>(uuid), .set = set};
}

TEST(Partitions, AreReadFromTheKernel)
{
    const auto found = parse_uevent("MAJOR=254\nMINOR=4\nDEVNAME=vda4\nDEVTYPE=partition\n"
                                    "DISKSEQ=1\nPARTN=4\nPARTNAME=HOLDFAST-ROOT-A\n",
                                    "/sys/block/vda/vda4");
    ASSERT_TRUE(found);
    EXPECT_EQ(found->device.view(), "vda4");
    EXPECT_EQ(found->disk.view(), "vda");
    EXPECT_EQ(found->number, 4U);
}

TEST(Partitions, AreNotDisksNorIncomplete)
{
    const auto* folder = "/sys/block/vda/vda4";
    EXPECT_FALSE(parse_uevent("DEVNAME=vda\nDEVTYPE=disk\n", "/sys/block/vda"));
    EXPECT_FALSE(parse_uevent("DEVNAME=vda4\nDEVTYPE=partition\n", folder));
    EXPECT_FALSE(parse_uevent("DEVNAME=vda4\nDEVTYPE=partition\nPARTN=x\n", folder));
    EXPECT_FALSE(parse_uevent("DEVTYPE=partition\nPARTN=4\n", folder));
    EXPECT_FALSE(parse_uevent("DEVNAME=vda4\nDEVTYPE=partition\nPARTN=4\n", "vda4"));
    EXPECT_FALSE(parse_uevent("", ""));
}

TEST(Partitions, GetNameAndGuidFromTheTable)
{
    auto disk = boot::make_disk(boot::holdfast_layout({}, {}));
    boot::BlockDeviceDisk device(disk);
    auto table = std::make_unique<boot::PartitionTable>();
    ASSERT_TRUE(boot::load_table(device, *table).has_value());

    std::vector<Partition> partitions = {partition("vda", 4, ""), partition("vdb", 4, ""),
                                         partition("vda", 5000, "")};
    apply_table(partitions, "vda", *table);

    EXPECT_EQ(partitions[0].name.view(), "HOLDFAST-ROOT-A");
    EXPECT_EQ(partitions[0].type, boot::root_partition_type);
    const auto id = boot::lower_case(table->partition(3).id);
    EXPECT_EQ(partitions[0].uuid.view(), std::string_view(id.data(), id.size()));
    EXPECT_TRUE(partitions[1].name.empty()) << "another disk's";
    EXPECT_TRUE(partitions[2].name.empty()) << "behind the end of the table";
}

TEST(Partitions, AreThoseOfOursHoweverManyDisksThereAre)
{
    auto ours = disk_named("vda", esp);
    ours.front().type = boot::efi_partition_type;
    auto all = std::make_unique<Partitions>();
    for (int disk = 0; disk < 300; ++disk) {
        ASSERT_TRUE(
            all->add(std::vector{partition("sda", 1, "srv"), partition("sda", 2, "")}).has_value());
    }
    ASSERT_TRUE(all->add(ours).has_value());
    EXPECT_EQ(all->found().size(), ours.size());
    const auto found = choose_boot_disk(all->found(), loader(esp, 'a'), {});
    EXPECT_TRUE(found.has_value() && found->has_value());

    all->clear();
    EXPECT_TRUE(all->found().empty());
}

TEST(Partitions, ThatCannotAllBeKeptAreAFault)
{
    auto all = std::make_unique<Partitions>();
    const std::vector many(256, partition("sda", 1, "HOLDFAST-DATA"));
    ASSERT_TRUE(all->add(many).has_value());
    const auto added = all->add(std::vector{partition("sdb", 1, "HOLDFAST-DATA")});
    ASSERT_FALSE(added.has_value());
    EXPECT_THAT(text_of(added.error()), HasSubstr("too many partitions"));
}

TEST(BootDisk, IsTheOneWithTheBootManagersPartition)
{
    const auto all = disk_named("vda", "99999999-2222-3333-4444-abcdefabcdef") +
                     disk_named("vdb", esp);
    const auto found = choose_boot_disk(all, loader("11111111-2222-3333-4444-ABCDEFABCDEF", 'b'), {});
    ASSERT_TRUE(found.has_value() && found->has_value());
    EXPECT_EQ((*found)->set, 'b');
    EXPECT_EQ((*found)->root.device.view(), "vdb7");
    EXPECT_EQ((*found)->hash.device.view(), "vdb8");
    EXPECT_EQ((*found)->private_partition->device.view(), "vdb9");
}

TEST(BootDisk, BelievesTheBootManagerOverTheCommandLine)
{
    const auto found = choose_boot_disk(disk_named("vda", esp), loader(esp, 'b'), 'a');
    ASSERT_TRUE(found.has_value() && found->has_value());
    EXPECT_EQ((*found)->set, 'b');
}

TEST(BootDisk, IsAwaitedWhileTheBootManagersPartitionIsMissing)
{
    const auto found = choose_boot_disk(disk_named("vda", "9"), loader(esp, 'a'), {});
    ASSERT_TRUE(found.has_value());
    EXPECT_FALSE(found->has_value()) << "a disk with the right labels is not enough";
}

TEST(BootDisk, IsAwaitedWhilePartitionsAreMissing)
{
    const std::vector<Partition> all = {partition("vda", 1, "EFI-SYSTEM", esp),
                                        partition("vda", 4, "HOLDFAST-ROOT-A")};
    const auto found = choose_boot_disk(all, loader(esp, 'a'), {});
    ASSERT_TRUE(found.has_value());
    EXPECT_FALSE(found->has_value());
}

TEST(BootDisk, IsAFaultWhenACopyOfItIsThereToo)
{
    const auto found =
        choose_boot_disk(disk_named("vda", esp) + disk_named("vdb", esp), loader(esp, 'a'), {});
    ASSERT_FALSE(found.has_value());
    EXPECT_THAT(text_of(found.error()), HasSubstr("both vda1 and vdb1"));
}

TEST(BootDisk, IsTheOnlyOneWhereNoBootManagerSpoke)
{
    const auto one = choose_boot_disk(disk_named("vda", ""), {}, 'b');
    ASSERT_TRUE(one.has_value() && one->has_value());
    EXPECT_EQ((*one)->root.device.view(), "vda7");

    const auto two = choose_boot_disk(disk_named("vda", "") + disk_named("vdb", ""), {}, {});
    ASSERT_FALSE(two.has_value());
    EXPECT_THAT(text_of(two.error()), HasSubstr("both vda and vdb"));
}

constexpr std::string_view uuid_1 = "11111111-0000-4000-8000-000000000000";
constexpr std::string_view uuid_2 = "22222222-0000-4000-8000-000000000000";
constexpr std::string_view uuid_3 = "33333333-0000-4000-8000-000000000000";

Partition data_partition(std::string_view disk, std::uint64_t number, std::string_view uuid)
{
    auto made = partition(disk, number, "HOLDFAST-DATA", uuid);
    made.type = boot::data_partition_type;
    return made;
}

/// The device of the data partition of a machine that boots from vda; empty where there is none.
std::string chosen(const std::vector<Partition>& partitions, std::string_view known)
{
    const auto data = choose_data_partition(partitions, "vda", known);
    return data ? std::string(data->device.view()) : "";
}

TEST(DataPartition, OfAFirstBootIsOnTheBootDiskElseTheOneWithTheSmallestGuid)
{
    const std::vector<Partition> none;
    const auto own = std::vector{data_partition("vda", 10, uuid_3)};
    const auto second = std::vector{data_partition("vdb", 1, uuid_2)};
    const auto third = std::vector{data_partition("vdc", 1, uuid_1)};
    EXPECT_EQ(chosen(none, ""), "");
    EXPECT_EQ(chosen(second, ""), "vdb1");
    EXPECT_EQ(chosen(third + second + own, ""), "vda10");
    EXPECT_EQ(chosen(second + third, ""), "vdc1");
    EXPECT_EQ(chosen(third + second, ""), "vdc1");
    EXPECT_EQ(count_data_partitions(third + second + own), 3U);
}

TEST(DataPartition, OfALaterBootIsTheOneUsedBeforeAndNoOther)
{
    const auto own = std::vector{data_partition("vda", 10, uuid_1)};
    const auto second = std::vector{data_partition("vdb", 1, uuid_2)};
    EXPECT_EQ(chosen(own + second, uuid_2), "vdb1");
    EXPECT_EQ(chosen(own + second, uuid_1), "vda10");
    EXPECT_EQ(chosen(own, uuid_2), "") << "missing data must not be replaced by other data";
}

/// By the type systemd-repart finds the partition: it would make another one beside a label alone.
TEST(DataPartition, HasLabelAndType)
{
    const std::vector<Partition> label_only = {partition("vdb", 1, "HOLDFAST-DATA", uuid_1)};
    auto type_only = data_partition("vdb", 1, uuid_1);
    type_only.name = FixedText<36>("other");
    EXPECT_EQ(chosen(label_only, ""), "");
    EXPECT_EQ(chosen({type_only}, ""), "");
    EXPECT_EQ(count_data_partitions(label_only + std::vector{type_only}), 0U);
}

TEST(DataPartition, IsGrownOnItsDiskAndMadeOnTheSystemDiskOnlyWhereNoneIsKnown)
{
    const std::optional second = data_partition("vdb", 1, uuid_2);
    EXPECT_EQ(data_disk(second, "vda", "").view(), "/dev/vdb");
    EXPECT_EQ(data_disk(second, "vda", uuid_2).view(), "/dev/vdb");
    EXPECT_EQ(data_disk({}, "vda", "").view(), "/dev/vda");
    EXPECT_EQ(data_disk({}, "vda", uuid_2).view(), "/dev/disk/by-partuuid/" + std::string(uuid_2));
}

TEST(DataPartition, IsKnownByAWholeGuidOnly)
{
    EXPECT_EQ(data_uuid_from_file(std::string(uuid_1) + "\n").view(), uuid_1);
    EXPECT_EQ(data_uuid_from_file(uuid_1).view(), uuid_1);
    EXPECT_TRUE(data_uuid_from_file(uuid_1.substr(1)).empty());
    EXPECT_TRUE(data_uuid_from_file(std::string(uuid_1) + "0").empty());
    EXPECT_TRUE(data_uuid_from_file("../../../../../../../dev/sda-0123456").empty());
    EXPECT_TRUE(data_uuid_from_file("").empty());
}

TEST(Modules, AreSortedAndNothingElse)
{
    ModuleList list;
    for (const auto* name : {"20-erofs.ko", ".", "..", "10-dm-mod.ko", "README", "x1-a.ko",
                             "11-virtio_blk.ko.xz", "1-a.ko", "11-dm_verity.ko", "10-.ko"}) {
        list.add(name);
    }
    std::vector<std::string> names;
    for (const auto& name : list.names()) {
        names.emplace_back(name.view());
    }
    EXPECT_THAT(names, ::testing::ElementsAre("10-dm-mod.ko", "11-dm_verity.ko", "20-erofs.ko"));
    EXPECT_FALSE(list.overflowed());
}

TEST(Modules, AreAFaultWhenThereAreTooMany)
{
    ModuleList list;
    for (int i = 0; i < 97; ++i) {
        list.add("10-" + std::to_string(i) + "x.ko");
    }
    EXPECT_TRUE(list.overflowed());
}

/// What veritysetup 2.7 writes for two blocks with the salt 00ff.
std::vector<std::byte> superblock()
{
    std::vector<std::byte> block(verity_block_size);
    const auto put = [&block](std::size_t at, std::string_view text) {
        for (const char c : text) {
            block[at++] = static_cast<std::byte>(c);
        }
    };
    put(0, "verity");
    block[8] = std::byte{1};
    block[12] = std::byte{1};
    put(32, "sha256");
    block[65] = std::byte{0x10};
    block[69] = std::byte{0x10};
    block[72] = std::byte{2};
    block[80] = std::byte{2};
    block[89] = std::byte{0xff};
    return block;
}

BootRequest request_for_superblock()
{
    BootRequest request;
    request.root_hash.append(root_hash);
    request.data_blocks = 2;
    request.salt.append("00ff");
    return request;
}

TEST(Superblock, OfThisRootIsAccepted)
{
    EXPECT_TRUE(check_superblock(superblock(), request_for_superblock()).has_value());
}

TEST(Superblock, OfAnotherRootIsNamed)
{
    auto other = request_for_superblock();
    other.data_blocks = 3;
    EXPECT_THAT(text_of(check_superblock(superblock(), other).error()),
                HasSubstr("is for 2 blocks, the kernel command line says 3"));
    other = request_for_superblock();
    other.salt = FixedText<512>("00fe");
    EXPECT_THAT(text_of(check_superblock(superblock(), other).error()), HasSubstr("salt"));
    other.salt = {};
    EXPECT_FALSE(check_superblock(superblock(), other).has_value());
}

TEST(Superblock, IsRefusedWhenAnyFieldThatMattersIsWrong)
{
    for (const auto at : std::to_array<std::size_t>({0, 7, 8, 11, 12, 32, 38, 64, 65, 68, 69, 72, 79, 80, 81,
                                                     88, 89})) {
        auto block = superblock();
        block[at] ^= std::byte{0x40};
        EXPECT_FALSE(check_superblock(block, request_for_superblock()).has_value()) << at;
    }
    EXPECT_FALSE(check_superblock({}, request_for_superblock()).has_value());
}

TEST(VerityTable, IsWhatTheKernelDocuments)
{
    const auto table = verity_table("/dev/vda4", "/dev/vda5", request_for_superblock());
    ASSERT_TRUE(table.has_value());
    EXPECT_EQ(table->view(), "1 /dev/vda4 /dev/vda5 4096 4096 2 1 sha256 " + root_hash +
                                 " 00ff 2 panic_on_corruption ignore_zero_blocks");
    EXPECT_EQ(verity_sectors(request_for_superblock()), 16U);
}

TEST(VerityTable, HasADashForNoSalt)
{
    auto request = request_for_superblock();
    request.salt = {};
    const auto table = verity_table("/dev/vda4", "/dev/vda5", request);
    ASSERT_TRUE(table.has_value());
    EXPECT_THAT(std::string(table->view()), HasSubstr(root_hash + " - 2 "));
}

constexpr auto product_uuid = "3F2504E0-4F89-41D3-9A0C-0305E82C3301";

TEST(MachineId, IsTheHypervisorsWhereOneGivesIt)
{
    const auto id = machine_id_of_hypervisor({{}, "QEMU", product_uuid});
    ASSERT_TRUE(id);
    EXPECT_EQ(id->view(), "3f2504e04f8941d39a0c0305e82c3301");
}

TEST(MachineId, IsTheHypervisorsThatTheProcessorNames)
{
    for (const auto* vendor : {"OpenStack Foundation", "Google", "DigitalOcean"}) {
        EXPECT_TRUE(machine_id_of_hypervisor({"KVMKVMKVM", vendor, product_uuid})) << vendor;
    }
    for (const auto* signature : {"TCGTCGTCGTCG", "XenVMMXenVMM", "VMwareVMware", "Microsoft Hv"}) {
        EXPECT_TRUE(machine_id_of_hypervisor({signature, "A Cloud", product_uuid})) << signature;
    }
    // A monitor that is none of these may give each of its machines the same UUID.
    EXPECT_FALSE(machine_id_of_hypervisor({"ACRNACRNACRN", "A Cloud", product_uuid}));
}

TEST(MachineId, IsNotTakenFromPlaceholdersOrHardware)
{
    for (const auto* placeholder : {"00000000-0000-0000-0000-000000000000",
                                    "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF", "Not Settable", ""}) {
        EXPECT_FALSE(machine_id_of_hypervisor({"KVMKVMKVM", "QEMU", placeholder})) << placeholder;
    }
    // Firmware of real machines is known to repeat one UUID on a whole series.
    EXPECT_FALSE(machine_id_of_hypervisor({{}, "Some Vendor", product_uuid}));
}

TEST(MachineId, IsReadFromTheKeptFileOnlyWhenWhole)
{
    const std::string id = "3f2504e04f8941d39a0c0305e82c3301";
    EXPECT_EQ(machine_id_from_file(id + "\n")->view(), id);
    EXPECT_EQ(machine_id_from_file(id)->view(), id);
    EXPECT_FALSE(machine_id_from_file(id.substr(1)));
    EXPECT_FALSE(machine_id_from_file(id + "0"));
    EXPECT_FALSE(machine_id_from_file(""));
}

TEST(MachineId, FromRandomBytesIsAVersion4Uuid)
{
    std::array<std::byte, 16> random{};
    random.fill(std::byte{0xff});
    EXPECT_EQ(machine_id_from_random(random).view(), "ffffffffffff4fffbfffffffffffffff");
}

} // namespace
} // namespace holdfast::initrd
