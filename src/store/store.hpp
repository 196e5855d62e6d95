#pragma once

#include "io/clock.hpp"
#include "settings/key/key.hpp"
#include "store/sqlite.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace holdfast::store {

using settings::Key;

/// Leaf values by full dotted name, each the JSON text of a scalar or an array.
using Values = std::map<std::string, std::string>;

/// Where a value came from, in the order of precedence: of one key's values the last counts.
enum class Source { defaults = 0, generator = 1, user_data = 2, api = 3 };

/// "default", "generator", "user-data", "api".
std::string_view name(Source source);
/// Errors: `invalid`.
Result<Source> parse_source(std::string_view text);

/// A weak value is dropped when the OS version changes, and made again.
enum class Strength { weak = 0, strong = 1 };
std::string_view name(Strength strength);
/// Errors: `invalid`.
Result<Strength> parse_strength(std::string_view text);

/// Who changes something.
struct Author {
    Source source = Source::api;
    std::string who; ///< "uid=0", a certificate's subject, a provider's or generator's name.
};

struct Provenance {
    Source source = Source::defaults;
    std::string who;
    std::chrono::sys_seconds when;
    Strength strength = Strength::strong;
};

struct Stored {
    std::string value;
    Provenance provenance;
};

/// What a commit is about to do.
struct Proposal {
    Values live;                       ///< All values as they would be.
    std::vector<std::string> keys;     ///< What the commit would return.
    std::vector<std::string> api_keys; ///< Those that the API changes.
};

/// Asked before a commit, and again where it is tried again on a full disk. An error is the
/// commit's, which then has not happened.
using Approval = std::function<Result<void>(const Proposal& proposal)>;

/// One line of the log: who changed what when, and not to what.
struct Change {
    enum class Action { set, unset };
    std::chrono::sys_seconds when;
    std::string transaction;
    std::string key;
    Source source = Source::api; ///< Whose layer.
    std::string who;
    Action action = Action::set;
};

struct PendingRow;

/// The settings store: live values in one layer per source, and named pending transactions.
///
/// One SQLite file with `journal_mode=TRUNCATE` and `synchronous=EXTRA`: a commit has reached the
/// disk, and the journal is empty there, when it returns. WAL would let readers run beside the
/// writer, but we have one process and a memory copy for readers, and WAL leaves committed data
/// in a second file that a copied or migrated store could lose.
///
/// Not thread-safe. Writing calls block for as long as the disk needs, tens of milliseconds.
/// Every operation happens as a whole or not at all, over power cuts and full disks too.
/// Errors of each: `io`, `no_space`, `denied`, `corrupt`; others as named.
class Store {
public:
    /// What all values but the defaults may take together, with their keys: more than user data
    /// can hold, and so little that PRIVATE has room for the store twice and for a migration's
    /// work.
    static constexpr std::int64_t largest = 12 << 20;

    /// Opens the store in `directory`, which must exist, or creates an empty one. Pending
    /// transactions of an earlier run are gone. `locked` while another process has it;
    /// `unsupported` for a store of a newer version.
    static Result<Store> open(const std::filesystem::path& directory, io::Clock& clock,
                              const char* vfs = nullptr);

    /// `make_room` is asked where the disk is full, and the change then tried again: for a commit
    /// that only takes values away, and for `adopt_image`. See `keep_reserve`.
    void on_full_disk(std::function<void()> make_room) { make_room_ = std::move(make_room); }

    /// Makes the layer of defaults equal to `defaults`, and drops weak values if the last call
    /// came from another OS version. Writes nothing when there is nothing to change.
    Result<void> adopt_image(std::string_view os_version, const Values& defaults);

    /// Adds values to a pending transaction, where the last one for a key and source wins.
    Result<void> patch(std::string_view transaction, const Values& values, const Author& author,
                       Strength strength);
    /// Plans to take away the API's value of each key, or of everything below it. `not_found` when
    /// one of them has none.
    Result<void> unset(std::string_view transaction, std::span<const Key> keys,
                       const Author& author);
    Result<std::vector<std::string>> transactions();
    /// What the transaction would set, by key; removals are not in it. Empty for an unknown one.
    Result<std::map<std::string, Stored>> pending(std::string_view transaction);
    /// Forgets a transaction and returns its keys; none for an unknown one.
    Result<std::vector<std::string>> discard(std::string_view transaction);
    /// Makes the pending values live, ends the transaction, and returns its keys, those with an
    /// unchanged value too; a value that is there already keeps its provenance. `no_changes` when
    /// it holds nothing. `internal` when a weak value would replace a strong one (the reference
    /// answers this with 500); or what `approve` says. Nothing happened then, and the transaction
    /// is still pending.
    Result<std::vector<std::string>> commit(std::string_view transaction,
                                            const Approval& approve = {});

    /// What counts now, by key. A memory copy, valid until the next call that writes.
    const std::map<std::string, Stored>& live() const { return live_; }
    /// The same without the provenance.
    Values live_values() const;
    /// All layers of one key, the one that counts first.
    Result<std::vector<Stored>> layers(std::string_view key);

    /// The newest `limit` changes, newest first.
    Result<std::vector<Change>> changes(std::int64_t limit);

    /// A text kept over reboots under a name, such as a report. Empty where there is none.
    Result<std::string> note(std::string_view name);
    Result<void> set_note(std::string_view name, std::string_view text);

private:
    Store(Database database, io::Clock& clock) : database_(std::move(database)), clock_(&clock) {}
    Result<void> prepare_tables();
    Result<void> replace_defaults(std::string_view os_version, const Values& defaults,
                                  bool new_version);
    Result<std::vector<std::string>> make_live(std::span<const PendingRow> rows,
                                               std::string_view transaction,
                                               const Approval& approve);
    Result<std::map<std::string, Stored>> read_live();
    Result<void> load_live();
    std::int64_t now() const;

    Database database_;
    io::Clock* clock_;
    std::map<std::string, Stored> live_;
    std::function<void()> make_room_;
};

} // namespace holdfast::store
