#include "settings/model.hpp"

#include "settings/groups.hpp"
#include "settings/judge.hpp"
#include "settings/key/key.hpp"
#include "settings/reference_page.hpp"
#include "settings/schema.hpp"

#include <algorithm>
#include <set>

namespace holdfast::settings {

struct Model::State {
    Node root; ///< Named "settings"; its children are the groups of the variant.
    Values defaults;
    std::map<std::string, Generator> generators;
    std::map<std::string, Service> services;
    std::map<std::string, ConfigurationFile> files;
    std::map<std::string, RenderFunction, std::less<>> renderers;
    std::map<std::string, MisfitsFunction> misfits; ///< By the name of the group.
};

namespace {

struct Variant {
    std::set<std::string> groups;
    Json settings;
};

Result<Variant> read_variant(std::string_view text)
{
    TRY_ASSIGN(const auto json, parse_json(text));
    if (!json.is_object() || !json.contains("groups") || !json["groups"].is_array()) {
        return fail(Errc::invalid, "expected an object with a list 'groups'");
    }
    Variant variant;
    for (const auto& name : json["groups"]) {
        if (!name.is_string() || !all_groups().contains(name.get_ref<const std::string&>())) {
            return fail(Errc::invalid, "unknown settings group {}", to_text(name));
        }
        variant.groups.insert(name.get<std::string>());
    }
    variant.settings = json.value("settings", Json::object());
    return variant;
}

void collect_defaults(const Node& node, std::vector<std::string> path, Values& defaults)
{
    path.push_back(node.name);
    if (const auto* leaf = std::get_if<Leaf>(&node.shape)) {
        if (leaf->initial.has_value()) {
            defaults[key_text(path)] = to_text(*leaf->initial);
        }
    } else if (const auto* branch = std::get_if<Branch>(&node.shape)) {
        for (const auto& next : branch->children) {
            collect_defaults(next, path, defaults);
        }
    }
    // An item of a keyed table is there when somebody names it, so it has no defaults.
}

void collect_generators(const Node& node, std::vector<std::string> path,
                        std::map<std::string, Generator>& generators)
{
    if (!node.name.empty()) {
        path.push_back(node.name);
    }
    if (node.generator.has_value()) {
        generators[key_text(path)] = *node.generator;
    }
    if (const auto* branch = std::get_if<Branch>(&node.shape)) {
        for (const auto& next : branch->children) {
            collect_generators(next, path, generators);
        }
    } else if (const auto* keyed = std::get_if<Keyed>(&node.shape)) {
        collect_generators(keyed->item.front(), path, generators);
    }
}

/// A service of one group may read a file of another, which this variant need not have.
void drop_unknown_files(std::map<std::string, Service>& services,
                        const std::map<std::string, ConfigurationFile>& files)
{
    for (auto& [name, service] : services) {
        std::erase_if(service.configuration_files,
                      [&](const std::string& file) { return !files.contains(file); });
    }
}

/// The nodes from the root to the key's own, as far as they are declared.
std::vector<const Node*> nodes_on_path(const Node& root, std::string_view key)
{
    const auto parsed = Key::parse(key);
    if (!parsed.has_value() || parsed->segments().front() != root.name) {
        return {};
    }
    std::vector<const Node*> nodes{&root};
    for (std::size_t i = 1; i < parsed->segments().size(); ++i) {
        const auto* next = child(*nodes.back(), parsed->segments()[i]);
        if (next == nullptr) {
            break;
        }
        nodes.push_back(next);
    }
    return nodes;
}

/// Puts a value where its key says, making the objects on the way.
void put(Json& object, std::span<const std::string> path, Json value)
{
    auto* place = &object;
    for (const auto& segment : path) {
        // A scalar in the way would come from a store that no model wrote.
        if (!place->is_object()) {
            *place = Json::object();
        }
        place = &(*place)[segment];
    }
    *place = std::move(value);
}

} // namespace

std::vector<std::string> Model::known_groups()
{
    std::vector<std::string> names;
    for (const auto& [name, group] : all_groups()) {
        if (!is_always_there(group)) {
            names.push_back(name);
        }
    }
    return names;
}

Result<Model> Model::load(std::string_view variant_json)
{
    TRY_ASSIGN(const auto variant, read_variant(variant_json).while_("reading variant.json"));
    auto state = std::make_unique<State>();
    state->root.name = "settings";
    Branch groups;
    for (const auto& [name, group] : all_groups()) {
        if (!variant.groups.contains(name) && !is_always_there(group)) {
            continue;
        }
        if (group.settings.has_value()) {
            groups.children.push_back(*group.settings);
        }
        if (group.misfits != nullptr) {
            state->misfits.emplace(name, group.misfits);
        }
        state->services.insert(group.services.begin(), group.services.end());
        for (const auto& file : group.files) {
            state->files.emplace(file.name, file.file);
            state->renderers.emplace(file.name, file.render);
        }
    }
    state->root.shape = std::move(groups);
    drop_unknown_files(state->services, state->files);
    for (const auto& group : std::get<Branch>(state->root.shape).children) {
        collect_defaults(group, {"settings"}, state->defaults);
        collect_generators(group, {"settings"}, state->generators);
    }

    Model model(std::move(state));
    auto defaults = model.flatten(variant.settings).while_("reading the defaults of variant.json");
    TRY_ASSIGN(auto values, std::move(defaults));
    values.merge(Values(model.defaults()));
    auto completed = std::make_unique<State>(*model.state_);
    completed->defaults = std::move(values);
    return Model(std::move(completed));
}

Result<Values> Model::flatten(const Json& settings) const
{
    auto judged = judge(settings);
    if (!judged.problems.empty()) {
        return fail(Errc::invalid, "{}", summary(judged.problems));
    }
    return std::move(judged.values);
}

Judged Model::judge(const Json& settings) const
{
    return settings::judge(state_->root, settings);
}

std::vector<Problem> Model::refused(const Values& values) const
{
    const auto judged = judge(nest(values));
    std::vector<Problem> refused;
    for (const auto& [key, value] : values) {
        if (judged.values.contains(key)) {
            continue;
        }
        // A problem may be about a table that this version does not have.
        const auto problem =
            std::ranges::find_if(judged.problems, [&key](const Problem& candidate) {
                return key == candidate.key || key.starts_with(candidate.key + ".");
            });
        refused.push_back(problem == judged.problems.end()
                              ? Problem{key, "not a value of this version", {}}
                              : Problem{key, problem->message, problem->did_you_mean});
    }
    return refused;
}

Result<Values> Model::flatten_pair(std::string_view pair) const
{
    return judge_pair(state_->root, pair);
}

std::vector<Problem> Model::misfits(const Values& all, std::span<const std::string> keys) const
{
    std::vector<Problem> problems;
    for (const auto& [group, find] : state_->misfits) {
        const auto is_within = [prefix = "settings." + group + "."](const std::string& key) {
            return key.starts_with(prefix);
        };
        if (std::ranges::any_of(keys, is_within)) {
            const auto found = find(nest(all));
            problems.insert(problems.end(), found.begin(), found.end());
        }
    }
    return problems;
}

Json Model::nest(const Values& values) const
{
    Json object = Json::object();
    for (const auto& [name, text] : values) {
        const auto key = Key::parse(name);
        auto value = parse_json(text);
        if (key.has_value() && value.has_value() && key->segments().size() > 1) {
            put(object, std::span(key->segments()).subspan(1), *std::move(value));
        }
    }
    return object;
}

const Values& Model::defaults() const
{
    return state_->defaults;
}

std::vector<std::string> Model::affected_services(std::string_view key) const
{
    std::vector<std::string> services;
    for (const auto* node : nodes_on_path(state_->root, key)) {
        services = node->affects.value_or(std::move(services));
    }
    // Tables name the services of all variants.
    std::erase_if(services,
                  [this](const std::string& name) { return !state_->services.contains(name); });
    return services;
}

bool Model::is_secret(std::string_view key) const
{
    const auto nodes = nodes_on_path(state_->root, key);
    const auto* leaf = nodes.empty() ? nullptr : std::get_if<Leaf>(&nodes.back()->shape);
    return leaf != nullptr && leaf->secret;
}

const std::map<std::string, Generator>& Model::generators() const
{
    return state_->generators;
}

const std::map<std::string, Service>& Model::services() const
{
    return state_->services;
}

const std::map<std::string, ConfigurationFile>& Model::configuration_files() const
{
    return state_->files;
}

Result<std::string> Model::render(std::string_view file, const Json& settings, const Json& os) const
{
    const auto renderer = state_->renderers.find(file);
    if (renderer == state_->renderers.end()) {
        return fail(Errc::not_found, "no configuration file is named {}", file);
    }
    return renderer->second(settings, os).while_(std::format("rendering {}", file));
}

Json Model::schema() const
{
    return settings::schema(state_->root);
}

std::string Model::reference_page() const
{
    return settings::reference_page(state_->root);
}

Model::Model(std::unique_ptr<const State> state) : state_(std::move(state)) {}
Model::Model(Model&&) noexcept = default;
Model& Model::operator=(Model&&) noexcept = default;
Model::~Model() = default;

} // namespace holdfast::settings
