#include "services/bork/bork.hpp"

namespace holdfast::bork {

namespace {

constexpr std::uint64_t seed_count = 2048; // updates.md §3.3; update/manifest/waves.hpp.

} // namespace

Result<std::string> run(const std::vector<std::string>& arguments, io::Random& random)
{
    if (arguments != std::vector<std::string>{"seed"}) {
        return fail(Errc::invalid, "usage: bork seed");
    }
    return std::format("{}\n", io::random_below(random, seed_count));
}

} // namespace holdfast::bork
