#pragma once

#include "settings/node.hpp"
#include "settings/types/checked_text.hpp"
#include "settings/types/choice.hpp"
#include "settings/types/codec.hpp"

#include <array>
#include <map>
#include <optional>
#include <string_view>
#include <tuple>
#include <type_traits>

namespace holdfast::settings {

// A settings group is declared once, as a struct with a table:
//
//     struct Ntp {
//         std::optional<std::vector<TimeServer>> time_servers;
//         std::vector<SingleLine> options{literal<SingleLine>("iburst")};
//
//         static constexpr auto table = settings::table(
//             "settings.ntp", "Where the machine gets the time.", affects("ntp"),
//             field<&Ntp::time_servers>("time-servers", "Servers to ask, best first."),
//             field<&Ntp::options>("options", "Options for each server, as in chrony.conf(5)."));
//     };
//
// The member's type brings validation, JSON, schema and a name for people. Its initialiser is the
// default; std::optional is a setting that may be unset. A std::map is a table whose keys users
// choose, its key type validates them. A struct with a table of its own is a table inside.

/// Services to render and restart when a setting changes. The deepest one on a key's path counts
/// alone: it replaces those above it.
struct Affects {
    std::array<std::string_view, 8> services{};
    std::size_t count = 0;
};

template <typename... Names>
constexpr Affects affects(Names... names)
{
    return {{std::string_view(names)...}, sizeof...(names)};
}

/// The program that makes a value where nobody gave one.
struct GeneratedBy {
    std::string_view command;
    Generator::Strength strength = Generator::Strength::strong;
    int depth = 0;
};

/// A second name that is taken on input; the first one is stored and shown.
struct Alias {
    std::string_view name;
};

struct Facts {
    std::string_view name;
    std::string_view doc;
    std::optional<Affects> affected{};
    std::optional<GeneratedBy> generator{};
    std::string_view alias{};

    constexpr void take(Affects services) { affected = services; }
    constexpr void take(GeneratedBy made) { generator = made; }
    constexpr void take(Alias other) { alias = other.name; }
};

template <auto member>
struct Field {
    Facts facts;
};

/// One member of a table. Options: affects(…), GeneratedBy{…}, Alias{…}.
template <auto member, typename... Options>
constexpr Field<member> field(std::string_view name, std::string_view doc, Options... options)
{
    Field<member> result{{name, doc}};
    (result.facts.take(options), ...);
    return result;
}

template <auto... members>
struct Table {
    Facts facts;
    std::tuple<Field<members>...> fields;
};

/// The table of a group; the name starts with "settings.".
template <auto... members>
constexpr Table<members...> table(std::string_view name, std::string_view doc, Affects affected,
                                  Field<members>... fields)
{
    return {{name, doc, affected}, {fields...}};
}

/// The table of a group of which each setting says itself what it affects.
template <auto... members>
constexpr Table<members...> table(std::string_view name, std::string_view doc,
                                  Field<members>... fields)
{
    return {{name, doc}, {fields...}};
}

/// The table of a struct inside a group.
template <auto... members>
constexpr Table<members...> table(Field<members>... fields)
{
    return {{}, {fields...}};
}

template <auto member>
struct Single {
    Facts facts;
};

/// For a group that is one value or one keyed table itself: "settings.motd", "settings.pki".
template <auto member, typename... Options>
constexpr Single<member> single(std::string_view name, std::string_view doc, Options... options)
{
    return {field<member>(name, doc, options...).facts};
}

template <typename T>
concept HasTable = requires { T::table; };

namespace detail {

template <typename T>
inline constexpr bool is_single = false;
template <auto member>
inline constexpr bool is_single<Single<member>> = true;

template <typename T>
inline constexpr bool is_optional = false;
template <typename T>
inline constexpr bool is_optional<std::optional<T>> = true;

template <typename T>
inline constexpr bool is_keyed = false;
template <typename Key, typename Item>
inline constexpr bool is_keyed<std::map<Key, Item>> = true;

template <typename T>
using TableOf = std::remove_cvref_t<decltype(T::table)>;

template <typename C, typename T>
T member_type(T C::*);

} // namespace detail

// ---- from JSON to the struct, for renderers ----

template <typename T>
Result<T> read(const Json& json);

template <typename C, auto member>
Result<void> read_field(const Json& json, const Field<member>& field, C& group)
{
    const auto found = json.find(field.facts.name);
    if (found == json.end() || found->is_null()) {
        return {};
    }
    using Member = decltype(detail::member_type(member));
    TRY_ASSIGN(group.*member, read<Member>(*found).while_(field.facts.name));
    return {};
}

template <typename T, auto... members>
Result<T> read_table(const Json& json, const Table<members...>& table)
{
    if (!json.is_object()) {
        return fail(Errc::invalid, "expected a table");
    }
    T group{};
    Result<void> result;
    std::apply(
        [&](const auto&... fields) {
            static_cast<void>(((result = read_field(json, fields, group)).has_value() && ...));
        },
        table.fields);
    TRY(std::move(result));
    return group;
}

template <typename T, auto member>
Result<T> read_table(const Json& json, const Single<member>&)
{
    T group{};
    using Member = decltype(detail::member_type(member));
    TRY_ASSIGN(group.*member, read<Member>(json));
    return group;
}

template <typename Map>
Result<Map> read_keyed(const Json& json)
{
    if (!json.is_object()) {
        return fail(Errc::invalid, "expected a table");
    }
    Map map;
    for (const auto& [name, item] : json.items()) {
        TRY_ASSIGN(auto key, Map::key_type::parse(name));
        TRY_ASSIGN(auto value, read<typename Map::mapped_type>(item).while_(name));
        map.emplace(std::move(key), std::move(value));
    }
    return map;
}

template <typename T>
Result<T> read(const Json& json)
{
    if constexpr (detail::is_optional<T>) {
        TRY_ASSIGN(auto value, read<typename T::value_type>(json));
        return T(std::move(value));
    } else if constexpr (HasTable<T>) {
        return read_table<T>(json, T::table);
    } else if constexpr (detail::is_keyed<T>) {
        return read_keyed<T>(json);
    } else {
        return Codec<T>::read(json);
    }
}

/// The group `T` out of the whole settings object (without the outer "settings"). What is not set
/// has its default. Errors: `invalid` naming the setting.
template <typename T>
Result<T> read_group(const Json& settings)
{
    constexpr auto name = T::table.facts.name.substr(std::string_view("settings.").size());
    const auto found = settings.find(name);
    if (found == settings.end() || found->is_null()) {
        return T{};
    }
    return read<T>(*found).while_(T::table.facts.name);
}

// ---- from the declaration to the run-time tree ----

/// `initial` is the member in a default-made struct; null where a default means nothing.
template <typename T>
Node make_node(const Facts& facts, const T* initial);

/// A node with the facts and no shape yet.
Node named_node(const Facts& facts);

template <typename T>
Leaf make_leaf(const T* initial)
{
    Leaf leaf;
    leaf.accept = [](const Json& json) -> Result<Json> {
        TRY_ASSIGN(const T value, Codec<T>::read(json));
        return Codec<T>::write(value);
    };
    leaf.schema = Codec<T>::schema();
    leaf.type_name = Codec<T>::type_name();
    leaf.secret = Codec<T>::secret;
    if (initial != nullptr) {
        leaf.initial = Codec<T>::write(*initial);
    }
    return leaf;
}

template <typename C, auto... members>
Branch make_branch(const Table<members...>& table, const C& initial)
{
    Branch branch;
    std::apply(
        [&](const auto&... fields) {
            (branch.children.push_back(make_node(fields.facts, &(initial.*members))), ...);
        },
        table.fields);
    return branch;
}

template <typename Map>
Keyed make_keyed()
{
    using Item = typename Map::mapped_type;
    Keyed keyed;
    keyed.accept_key = [](std::string_view key) -> Result<void> {
        TRY(Map::key_type::parse(key));
        return {};
    };
    keyed.key_schema = Codec<typename Map::key_type>::schema();
    keyed.key_type_name = Codec<typename Map::key_type>::type_name();
    if constexpr (HasTable<Item>) {
        const Item initial{};
        keyed.item.push_back(make_node(Facts{}, &initial));
    } else {
        keyed.item.push_back(make_node<Item>(Facts{}, nullptr));
    }
    return keyed;
}

template <typename T>
Node make_node(const Facts& facts, const T* initial)
{
    if constexpr (detail::is_optional<T>) {
        using Inner = typename T::value_type;
        static_assert(!HasTable<Inner> && !detail::is_keyed<Inner>,
                      "a table is there or not by what it holds");
        return make_node<Inner>(facts,
                                initial != nullptr && initial->has_value() ? &**initial : nullptr);
    } else {
        auto node = named_node(facts);
        if constexpr (HasTable<T>) {
            node.shape = make_branch(T::table, initial != nullptr ? *initial : T{});
        } else if constexpr (detail::is_keyed<T>) {
            node.shape = make_keyed<T>();
        } else {
            node.shape = make_leaf<T>(initial);
        }
        return node;
    }
}

/// The tree of a group, its name without "settings.".
template <typename T>
Node make_group_node()
{
    const T initial{};
    auto facts = T::table.facts;
    facts.name.remove_prefix(std::string_view("settings.").size());
    if constexpr (detail::is_single<detail::TableOf<T>>) {
        return []<auto member>(const Single<member>&, const Facts& f, const T& i) {
            return make_node(f, &(i.*member));
        }(T::table, facts, initial);
    } else {
        return make_node(facts, &initial);
    }
}

} // namespace holdfast::settings
