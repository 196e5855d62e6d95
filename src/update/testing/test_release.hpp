#pragma once

#include "io/testing/fake_http_client.hpp"
#include "update/source/release.hpp"

#include <string_view>
#include <vector>

namespace holdfast::update {

/// The content of a block by its number: 0 is all zeros, any other looks random.
std::vector<std::byte> block_content(std::uint32_t number);
/// Blocks one after the other.
std::vector<std::byte> content_of(const std::vector<std::uint32_t>& numbers);

/// What a release is made of. BOOT gets a PE header before its blocks, and 100 bytes after them.
struct Recipe {
    std::string name; ///< "1.1.0"; also the folder on the server.
    std::vector<std::uint32_t> boot = {};
    std::vector<std::uint32_t> root = {}; ///< At least two.
    std::uint8_t salt = 1;
};

/// A release with all its bytes.
struct TestRelease {
    Release release;
    std::vector<std::byte> boot = {};
    std::vector<std::byte> root = {};
    std::vector<std::byte> hash = {};
    std::vector<std::byte> blocks = {};
};
TestRelease make_release(const Recipe& recipe);
void serve(io::FakeHttpClient& server, const TestRelease& release);

/// Numbers from `first` to `last`, both included.
std::vector<std::uint32_t> numbers(std::uint32_t first, std::uint32_t last);
/// All of these, one after the other.
std::vector<std::uint32_t> joined(std::initializer_list<std::vector<std::uint32_t>> lists);

} // namespace holdfast::update
