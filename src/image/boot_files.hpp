#pragma once

#include "image/root_tree.hpp"

namespace holdfast::image {

/// The keys that sign the boot manager and the UKI.
struct SigningKeys {
    std::filesystem::path key;         ///< PEM private key.
    std::filesystem::path certificate; ///< PEM certificate, enrolled in the firmware's `db`.
};

/// The development keys of this checkout (keys/secure-boot: PK, KEK and db), made where missing.
Result<SigningKeys> development_keys(Context& context);

/// What dm-verity needs to know.
struct Verity {
    std::string root_hash;         ///< Hexadecimal.
    std::string salt;              ///< Hexadecimal.
    std::uint64_t data_blocks = 0; ///< Of 4096 bytes.
};

/// Makes the EROFS image of the root tree. The tree's times become the release's.
Result<void> make_root_file_system(Context& context, const Variant& variant,
                                   const std::filesystem::path& folder,
                                   const std::filesystem::path& image);
/// Makes the hash tree (with its superblock) of the root image.
Result<Verity> make_verity(Context& context, const Variant& variant,
                           const std::filesystem::path& root_image,
                           const std::filesystem::path& hash_image);
/// Makes the compressed initrd: /init and the modules in load order. Errors: `not_found` naming a
/// module that the kernel does not have.
Result<void> make_initrd(Context& context, const Variant& variant, const PackageTree& packages,
                         const std::filesystem::path& work, const std::filesystem::path& file);
/// Makes the signed unified kernel image.
Result<void> make_uki(Context& context, const Variant& variant, const Release& release,
                      const PackageTree& packages, const Verity& verity, const SigningKeys& keys,
                      const std::filesystem::path& initrd, const std::filesystem::path& file);
/// Makes the block list, which spares machines the blocks that they have, of the two payloads.
Result<void> make_block_list_file(Context& context, const std::filesystem::path& uki,
                                  const std::filesystem::path& hash_image,
                                  const std::filesystem::path& file);
/// Signs a PE file for Secure Boot.
Result<void> sign_efi(Context& context, const SigningKeys& keys, const std::filesystem::path& input,
                      const std::filesystem::path& output);

} // namespace holdfast::image
