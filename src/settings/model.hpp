#pragma once

#include "json/json.hpp"

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::settings {

/// Leaf values by full dotted name ("settings.kernel.sysctl.\"vm.max_map_count\""), each as JSON
/// text of one scalar or one array. What the store keeps.
using Values = std::map<std::string, std::string>;

/// Why one key of a document was refused.
struct Problem {
    std::string key;     ///< Full dotted name, "settings." first.
    std::string message; ///< What was expected: "expected one of none, integrity, confidentiality".
    std::string did_you_mean; ///< The nearest known name for an unknown key, else empty.
};

using holdfast::to_text; // Beside the one below, which would hide it.
/// "settings.kernel.lockdwn: unknown setting (did you mean lockdown?)"
std::string to_text(const Problem& problem);
/// The first few problems in one text, and how many more there are.
std::string summary(const std::vector<Problem>& problems);

/// A document taken key by key.
struct Judged {
    Values values;                 ///< The keys that are fine.
    std::vector<Problem> problems; ///< The others.
};

struct Service {
    std::vector<std::string> configuration_files;
    std::vector<std::string> restart_commands; ///< Split at single spaces; no shell.
    /// `first` makes what the others read when they start; for `last` nobody on the machine waits.
    enum class Turn { first, by_name, last } turn = Turn::by_name;
};

struct ConfigurationFile {
    std::string path;
    std::string template_path; ///< For the API's answer; rendering is in code.
    std::string mode = "0644"; ///< Octal text.
    bool overwrite_path_if_present = true;
    /// Whether the file stays the same one and only its lines change: containers have it mounted,
    /// and would keep an old one.
    bool mounted_by_containers = false;
};

struct Generator {
    std::string command;
    enum class Strength { strong, weak } strength = Strength::strong;
    int depth = 0; ///< How many levels below its key it applies, for keyed tables.
};

/// The settings of one variant: which groups it has, their defaults, and everything that follows
/// from the declarations (reading, writing, metadata, rendering, schema, reference page).
/// Facts: the tables of each group's folder. Immutable after loading; thread-safe.
class Model {
public:
    /// The names of all groups that this program has, sorted.
    static std::vector<std::string> known_groups();
    /// `variant` is the text of the image's /usr/share/holdfast/variant.json:
    /// {"variant": "metal-dev", "groups": ["motd", …], "settings": {…defaults of the variant…}}.
    /// Errors: `invalid` naming an unknown group, or a default that the model refuses.
    static Result<Model> load(std::string_view variant_json);

    /// All or nothing: validates a settings object (without the outer "settings") and flattens it.
    /// Nulls are skipped. Errors: `invalid` with the text of the first problems.
    Result<Values> flatten(const Json& settings) const;
    /// Key by key: what is fine and what is not.
    Judged judge(const Json& settings) const;
    /// Of flat values, such as the store of another version has, those that are not taken, by key.
    std::vector<Problem> refused(const Values& values) const;
    /// One "key=value" (api.md §16: "settings." optional; typed bool, u64, f64, else string;
    /// ours: a list as JSON).
    Result<Values> flatten_pair(std::string_view pair) const;
    /// What of all the values does not fit together, in the groups of these keys: a service is
    /// enabled, and something is missing that it needs. Each value alone has been taken before.
    std::vector<Problem> misfits(const Values& all, std::span<const std::string> keys) const;
    /// The nested object of flat values: {"motd": …, "kernel": {"sysctl": {…}}}.
    Json nest(const Values& values) const;

    /// Defaults of the model and the variant. What nobody set has these values.
    const Values& defaults() const;
    /// Services to render and restart for a changed key: the deepest declaration wins.
    std::vector<std::string> affected_services(std::string_view key) const;
    /// Whether a key's value belongs in no log, diff or report.
    bool is_secret(std::string_view key) const;
    /// By full dotted name, without the parts that a keyed table's users choose (see `depth`).
    const std::map<std::string, Generator>& generators() const;
    const std::map<std::string, Service>& services() const;
    const std::map<std::string, ConfigurationFile>& configuration_files() const;

    /// The content of a configuration file, from the nested settings and the /os object.
    /// Errors: `not_found` for an unknown name, `invalid` naming a setting that the file needs and
    /// nobody set.
    Result<std::string> render(std::string_view file, const Json& settings, const Json& os) const;

    /// JSON Schema (2020-12) of a user data document with its "settings" wrapper.
    Json schema() const;
    /// The reference page of the documentation, in Markdown.
    std::string reference_page() const;

    Model(Model&&) noexcept;
    Model& operator=(Model&&) noexcept;
    ~Model();

private:
    struct State;
    explicit Model(std::unique_ptr<const State> state);
    std::unique_ptr<const State> state_;
};

} // namespace holdfast::settings
