#include "update/updog/tuf_source.hpp"

#include <gtest/gtest.h>

namespace holdfast::update {
namespace {

TEST(TufSource, BelievesTheAuthoritiesOfSettings)
{
    UpdogConfig config;
    config.https_proxy = "http://p:3128";
    config.no_proxy = {"a", "b"};
    const auto options = http_options(config);
    EXPECT_EQ(options.ca_file, "/etc/pki/tls/certs/ca-bundle.crt");
    EXPECT_EQ(options.proxy, config.https_proxy);
    EXPECT_EQ(options.no_proxy, config.no_proxy);
}

} // namespace
} // namespace holdfast::update
