#pragma once

#include "io/clock.hpp"
#include "update/repository/key_ring.hpp"
#include "update/repository/layout.hpp"
#include "update/repository/roots.hpp"

namespace holdfast::publish {

/// The folder with one person's private keys (`<role>.pem` and others) and with `root.json`: the
/// first root of the repository whose updates images that are built here take. They carry it.
class KeysFolder {
public:
    /// Precondition: `files` outlives this.
    KeysFolder(io::Files& files, std::filesystem::path folder)
        : files_(files), folder_(std::move(folder))
    {
    }
    std::filesystem::path first_root() const { return folder_ / "root.json"; }
    /// There while the first root waits for signatures: no other may take its place meanwhile.
    std::filesystem::path note_of_waiting_root() const { return folder_ / "root.json.waits"; }

    /// Adds all private keys of the folder. A missing folder holds none.
    Result<void> load_into(KeyRing& ring) const;
    /// The key `<role>.pem`, which is made where it is missing.
    Result<crypto::PublicKey> find_or_make(const std::string& role, crypto::SignatureScheme scheme);

    enum class Kept { yes, another, not_yet };
    /// Keeps the repository's first root here, once it is signed; until then, notes that it waits.
    /// `another`: that of another repository is here, and stays.
    Result<Kept> keep_first_root(const Layout& layout);

    /// Nothing waits any more.
    Result<void> forget_waiting_root() { return files_.remove(note_of_waiting_root()); }

    enum class UpdateRoot { present, waits };
    /// Makes sure of the root that images are to carry: the one that is here, or the repository's,
    /// or a new one of this folder's own keys, with which a repository can begin later. `waits`:
    /// images that are built now can carry none.
    Result<UpdateRoot> prepare_update_root(const Layout& layout, tuf::Time expires);

private:
    io::Files& files_;
    std::filesystem::path folder_;
};

/// How a repository begins.
enum class Beginning {
    made_already,   ///< It has a root, or one that waits for signatures.
    from_kept_root, ///< With the root that images carry: their machines must trust it.
    with_new_root,
};
/// Errors: `conflict` where the repository's first root is another than the one that images carry.
Result<Beginning> find_beginning(io::Files& files, const Layout& layout, const KeysFolder& keys);

/// For `from_kept_root`. A power cut leaves nothing, or all of it.
Result<void> begin_with_kept_root(io::Files& files, const Layout& layout, const KeysFolder& keys);

} // namespace holdfast::publish
