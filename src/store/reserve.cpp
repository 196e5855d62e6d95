#include "store/reserve.hpp"

namespace holdfast::store {

std::filesystem::path reserve_file(const std::filesystem::path& folder)
{
    return folder / "reserve";
}

Result<void> keep_reserve(io::Files& files, const std::filesystem::path& folder)
{
    if (files.exists(reserve_file(folder))) {
        return {};
    }
    // Whole or not at all: `replace_file` leaves nothing where there was no room.
    return io::replace_file(files, reserve_file(folder), std::string(reserve_size, '\0'), 0600);
}

Result<void> give_reserve(io::Files& files, const std::filesystem::path& folder)
{
    return files.remove(reserve_file(folder));
}

} // namespace holdfast::store
