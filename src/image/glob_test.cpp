#include "image/glob.hpp"

#include <gtest/gtest.h>

namespace holdfast::image {
namespace {

struct Case {
    const char* pattern;
    const char* path;
    bool expected;
};

class Glob : public ::testing::TestWithParam<Case> {};

TEST_P(Glob, Matches)
{
    EXPECT_EQ(matches(GetParam().pattern, GetParam().path), GetParam().expected)
        << GetParam().pattern << " on " << GetParam().path;
}

INSTANTIATE_TEST_SUITE_P(Table, Glob,
                         ::testing::Values(Case{"usr/bin/perl", "usr/bin/perl", true},
                                           Case{"usr/bin/perl", "usr/bin/perl5", false},
                                           Case{"usr/share/man", "usr/share/man/man1/a.1", true},
                                           Case{"usr/*/man", "usr/share/man", true},
                                           Case{"usr/*/man", "usr/a/b/man", false},
                                           Case{"usr/**/man", "usr/a/b/man", true},
                                           Case{"**/*.a", "usr/lib/x.a", true},
                                           Case{"**/*.a", "usr/lib/x.ab", false},
                                           Case{"usr/bin/?x", "usr/bin/ax", true},
                                           Case{"usr/bin?x", "usr/bin/x", false}));

} // namespace
} // namespace holdfast::image
