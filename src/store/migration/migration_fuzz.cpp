#include "store/migration/migration.hpp"

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto migration =
        holdfast::store::parse_migration({reinterpret_cast<const char*>(data), size});
    if (migration.has_value()) {
        // The store keeps it as JSON, and must be able to take it back later.
        const auto again = holdfast::store::migration_of(holdfast::store::to_json(*migration));
        holdfast::check(again.has_value(), "a migration that was kept can be read");
    }
    return 0;
}
