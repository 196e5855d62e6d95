#include "io/files.hpp"
#include "io/testing/fake_files.hpp"

#include <gtest/gtest.h>

namespace holdfast::io {
namespace {

TEST(RewriteFile, IsSeenByThoseWhoHoldTheFileWhichAReplacedOneIsNot)
{
    FakeFiles files({{"/etc/hosts", "old\n"}});
    const auto mounted = files.held("/etc/hosts");
    ASSERT_TRUE(rewrite_file(files, "/etc/hosts", "new\n").has_value());
    EXPECT_EQ(mounted(), "new\n");
    EXPECT_EQ(*files.read("/etc/hosts"), "new\n");

    ASSERT_TRUE(replace_file(files, "/etc/hosts", "newer\n").has_value());
    EXPECT_EQ(mounted(), "new\n");
}

TEST(RewriteFile, MakesTheFileWhereThereIsNone)
{
    FakeFiles files;
    files.put_directory("/run");
    ASSERT_TRUE(rewrite_file(files, "/run/resolv.conf", "x\n", 0640).has_value());
    EXPECT_EQ(*files.read("/run/resolv.conf"), "x\n");
    EXPECT_EQ(files.mode("/run/resolv.conf"), 0640U);
}

} // namespace
} // namespace holdfast::io
