#include "settings/node.hpp"

#include "settings/key/key.hpp"
#include "settings/table.hpp"

namespace holdfast::settings {

Node named_node(const Facts& facts)
{
    Node node;
    node.name = facts.name;
    node.alias = facts.alias;
    node.doc = facts.doc;
    if (facts.affected.has_value()) {
        node.affects.emplace();
        for (std::size_t i = 0; i < facts.affected->count; ++i) {
            node.affects->emplace_back(facts.affected->services[i]);
        }
    }
    if (facts.generator.has_value()) {
        node.generator = Generator{std::string(facts.generator->command), facts.generator->strength,
                                   facts.generator->depth};
    }
    return node;
}

const Node* child(const Node& node, std::string_view key)
{
    if (const auto* branch = std::get_if<Branch>(&node.shape)) {
        for (const auto& candidate : branch->children) {
            if (candidate.name == key || (!candidate.alias.empty() && candidate.alias == key)) {
                return &candidate;
            }
        }
    }
    if (const auto* keyed = std::get_if<Keyed>(&node.shape)) {
        // A type may allow what no key of the store can hold.
        if (is_segment(key) && keyed->accept_key(key).has_value()) {
            return &keyed->item.front();
        }
    }
    return nullptr;
}

} // namespace holdfast::settings
