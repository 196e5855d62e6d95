#include "image/migrations.hpp"

#include "crypto/sha256.hpp"
#include "store/migration/migrate.hpp"

namespace holdfast::image {

Result<Json> carried_migrations(io::Files& files, const std::filesystem::path& tree,
                                std::string_view image_version)
{
    TRY_ASSIGN(const auto version, Version::parse(image_version));
    TRY_ASSIGN(const auto migrations,
               store::load_migrations(files, tree / "usr/share/holdfast/migrations"));
    Json list = Json::array();
    for (const auto& migration : migrations) {
        if (version < migration.version) {
            return fail(Errc::invalid,
                        "the migration {} is for version {}, but the image is version {}",
                        migration.name, migration.version.str(), version.str());
        }
        list.push_back({{"version", migration.version.str()},
                        {"name", migration.name},
                        {"sha256", crypto::sha256(to_text(store::to_json(migration))).hex()}});
    }
    return list;
}

} // namespace holdfast::image
