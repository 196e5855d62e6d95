#include "store/reserve.hpp"

namespace holdfast::store {

namespace {

constexpr auto reserve_file = "reserve";

} // namespace

Result<void> keep_reserve(io::Files& files, const std::filesystem::path& folder)
{
    if (files.exists(folder / reserve_file)) {
        return {};
    }
    // Whole or not at all: `replace_file` leaves nothing where there was no room.
    return io::replace_file(files, folder / reserve_file, std::string(reserve_size, '\0'), 0600);
}

Result<void> give_reserve(io::Files& files, const std::filesystem::path& folder)
{
    return files.remove(folder / reserve_file);
}

} // namespace holdfast::store
