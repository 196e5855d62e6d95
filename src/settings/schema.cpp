#include "settings/schema.hpp"

namespace holdfast::settings {

namespace {

Json schema_of(const Node& node);

Json schema_of_shape(const Leaf& leaf)
{
    auto schema = leaf.schema;
    if (leaf.initial.has_value()) {
        schema["default"] = *leaf.initial;
    }
    return schema;
}

Json schema_of_shape(const Branch& branch)
{
    Json properties = Json::object();
    for (const auto& next : branch.children) {
        properties[next.name] = schema_of(next);
        if (!next.alias.empty()) {
            properties[next.alias] = schema_of(next);
            properties[next.alias]["deprecated"] = true;
        }
    }
    return {{"type", "object"}, {"properties", properties}, {"additionalProperties", false}};
}

Json schema_of_shape(const Keyed& keyed)
{
    return {{"type", "object"},
            {"propertyNames", keyed.key_schema},
            {"additionalProperties", schema_of(keyed.item.front())}};
}

Json schema_of(const Node& node)
{
    auto schema = std::visit([](const auto& shape) { return schema_of_shape(shape); }, node.shape);
    if (!node.doc.empty()) {
        schema["description"] = node.doc;
    }
    return schema;
}

} // namespace

Json schema(const Node& root)
{
    return {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
            {"title", "Holdfast user data"},
            {"type", "object"},
            {"properties", {{"settings", schema_of(root)}}},
            {"required", {"settings"}}};
}

} // namespace holdfast::settings
