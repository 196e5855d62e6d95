#include "base/text.hpp"
#include "settings/kernel/kernel.hpp"
#include "settings/ntp/ntp.hpp"
#include "settings/types/choice.hpp"
#include "settings/types/codec.hpp"
#include "settings/types/hosts_entry.hpp"
#include "settings/types/ip_address.hpp"
#include "settings/types/names.hpp"
#include "settings/types/text.hpp"
#include "settings/types/url.hpp"
#include "settings/types/version_lock.hpp"

#include <gtest/gtest.h>

namespace holdfast::settings {
namespace {

using Texts = std::vector<std::string>;

template <typename T>
void expect_rule(const Texts& accepted, const Texts& refused)
{
    for (const auto& text : accepted) {
        EXPECT_TRUE(T::parse(text).has_value()) << "should be accepted: " << text;
    }
    for (const auto& text : refused) {
        EXPECT_FALSE(T::parse(text).has_value()) << "should be refused: " << text;
    }
}

template <typename T>
void expect_json(const Texts& accepted, const Texts& refused)
{
    for (const auto& text : accepted) {
        const auto value = Codec<T>::read(Json::parse(text));
        ASSERT_TRUE(value.has_value()) << text;
        EXPECT_EQ(Codec<T>::write(*value), Json::parse(text));
    }
    for (const auto& text : refused) {
        const auto value = Codec<T>::read(Json::parse(text));
        ASSERT_FALSE(value.has_value()) << text;
        EXPECT_EQ(value.error().code(), Errc::invalid);
    }
}

std::string many(std::size_t count, char c = 'a')
{
    return std::string(count, c);
}

TEST(Types, SingleLineHasNoLineBreakAndNoControlCharacter)
{
    expect_rule<SingleLine>({"", "hi", "a b", "é→", "\xc2\xa0"},
                            {"a\nb", "\r", "\v", "\f", "\x1b[2J", "\x7f", "\t", "\xc2\x85",
                             "\xc2\x9b", "a\xe2\x80\xa8", "\xe2\x80\xa9", std::string("\0", 1)});
}

TEST(Types, TextTakesEverything)
{
    expect_rule<Text>({"", "a\nb", "\x1b"}, {});
}

TEST(Types, Base64IsCanonical)
{
    expect_rule<Base64>({"", "aGk=", "AAAA"},
                        {"invalid base64", "aGk", "aGl=", "aGk=\n", "aGk_", "===="});
}

TEST(Types, Identifier)
{
    expect_rule<Identifier>({"hello-1234", "--------", "", many(76)},
                            {"hello_world", "../", many(77), "ä", "a b", "a.b"});
}

TEST(Types, ContainerName)
{
    expect_rule<ContainerName>({"admin", "a", "2", "my-own-3", "A-b", many(76)},
                               {"", "-", "-a", "a-", "a--b", "a.b", "a_b", "a/b", many(77)});
}

TEST(Types, LinuxHostname)
{
    expect_rule<LinuxHostname>({"hello", "a.b-", "1", many(63), "a." + many(63), "10.0.0.1",
                                many(63) + "." + many(63) + "." + many(63) + "." + many(61)},
                               {"", "Hello", "a..a", "-a", "a.-b", many(64), ".a", "a.", "a_b",
                                "a b", "a\n",
                                many(63) + "." + many(63) + "." + many(63) + "." + many(62)});
}

TEST(Types, SysctlKey)
{
    expect_rule<SysctlKey>({"net.ipv4.ip_forward", "fs/aio-nr", many(128), "A-b_9"},
                           {"", "../hi", "!", many(129), ".a", "/a", "a..b", "a=b", "a\nb", "a b"});
}

TEST(Types, KernelModuleName)
{
    expect_rule<KernelModuleName>({"xt_XT", "i8042", "a-b", many(56)},
                                  {"", "a/b", "a b", "a.b", many(57), "a\n"});
}

TEST(Types, Url)
{
    expect_rule<Url>(
        {"https://e.com/p", "e.com", "127.0.0.1/p", "localhost:8080", "ntp://127.0.0.1",
         ".internal", "https://user:pass@proxy.example:3128", "http://[2001:db8::1]:80/",
         "public.ecr.aws/bottlerocket/bottlerocket-admin:v0.12.4", "file:///usr/share/x.tar",
         "http://[::1]", "e.com?q=1#f", "HTTP://E.com", "http://e.com./", "oci:///a b"},
        {"how are you",
         "weird@",
         "",
         " ",
         " e.com",
         "e.com\n",
         "http://",
         "http://how are you",
         "http://e.com:99999",
         "http://e.com:x",
         "http://a:b:c",
         "http://[::1",
         "http://[1.2.3.4]",
         "http://1.2.3.256",
         "1.2.3.4.5",
         "http://a<b",
         "http://a|b",
         "ntp://a b",
         "ntp://u@",
         "http://a%zz",
         "e.com/\x1b[2J"});
}

TEST(Types, TimeServerIsOneWord)
{
    expect_rule<TimeServer>({"169.254.169.123", "2.debian.pool.ntp.org", "fe80::1", ".internal"},
                            {"e.com/a b", "a\nserver b", "", "e.com iburst"});
}

TEST(Types, IpAddressHasOneSpelling)
{
    expect_rule<IpAddress>({"1.2.3.4", "::1", "2001:DB8::"},
                           {"127.0.0.0/24", "1.2.3", "1.2.3.4 ", "01.2.3.4", "::1%lo", "e.com", "",
                            std::string("::1\0x", 5)});
    EXPECT_EQ(IpAddress::parse("2001:DB8:0:0::1")->str(), "2001:db8::1");
    EXPECT_EQ(*IpAddress::parse("0::1"), *IpAddress::parse("::0:1"));
}

TEST(Types, JsonForms)
{
    expect_json<bool>({"true", "false"}, {R"("true")", "0", "null"});
    expect_json<Port>({"1", "65535"},
                      {"0", "65536", "-1", "1.0", R"("1")", "18446744073709551615", "true"});
    expect_json<Integer<-5, 5>>({"-5", "5"}, {"-6", "6"});
    expect_json<Lockdown>({R"("none")", R"("integrity")", R"("confidentiality")"},
                          {R"("None")", R"("")", "0", "null"});
    expect_json<std::vector<bool>>({"[]", "[true, false]"}, {"true", "[1]", "[null]", "{}"});
    expect_json<Text>({R"("x")"}, {"1", "true", "[]", "{}"});
    expect_json<std::vector<HostsEntry>>(
        {"[]", R"([["10.0.0.1", ["a", "b.c"]]])",
         R"([["10.0.0.1", ["a"]], ["::1", []], ["10.0.0.1", ["b"]]])"},
        {R"([["10.0.0.0/8", ["a"]]])", R"([["10.0.0.1", ["A"]]])", R"([["10.0.0.1"]])",
         R"([["10.0.0.1", ["a"], []]])", R"([["10.0.0.1", "a"]])", R"({"10.0.0.1": ["a"]})",
         R"([[1, ["a"]]])"});
}

TEST(Types, UnitName)
{
    expect_rule<UnitName>({"chronyd.service", "host-containers@control.service", "a\\x2db.mount",
                           "multi-user.target"},
                          {"", "chronyd", ".service", "host-containers@.service", "--all.service",
                           "a b.service", "a/b.service", "*.service", "a.service\n",
                           many(250) + ".service"});
}

TEST(Types, FriendlyVersion)
{
    expect_rule<FriendlyVersion>({"latest", "1.2.3", "v1.2.3", "1.2.3-rc.1"},
                                 {"", "Latest", "1.2", "vv1.2.3", "1.2.3 ", "01.2.3"});
}

TEST(Types, MessagesDontRepeatTheValue)
{
    const auto refused = Codec<Base64>::read(Json("hunter2!"));
    ASSERT_FALSE(refused.has_value());
    EXPECT_FALSE(refused.error().message().contains("hunter2"));
}

} // namespace
} // namespace holdfast::settings
