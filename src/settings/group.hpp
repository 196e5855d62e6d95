#pragma once

#include "settings/table.hpp"

#include <format>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::settings {

/// What the API's /os says about the machine, as far as files need it.
struct Os {
    Json fields;
};

/// Content of a configuration file from all settings.
using RenderFunction = Result<std::string> (*)(const Json& settings, const Json& os);

struct RenderedFile {
    std::string name;
    ConfigurationFile file;
    RenderFunction render = nullptr;
};

/// Values of a group that are fine each for itself, but not together.
using MisfitsFunction = std::vector<Problem> (*)(const Json& settings);

/// What one folder below settings/ brings: settings, the services that use them, and the files
/// that those services read.
struct Group {
    std::string name;             ///< As variant.json has it: "host-containers".
    std::optional<Node> settings; ///< Nothing for a group of services only.
    std::map<std::string, Service> services;
    std::vector<RenderedFile> files;
    MisfitsFunction misfits = nullptr;
};

namespace detail {

template <typename T>
Result<T> read_input(const Json& settings, const Json& os)
{
    if constexpr (std::is_same_v<T, Os>) {
        return Os{os};
    } else {
        return read_group<T>(settings);
    }
}

template <auto function>
struct Renderer;

template <typename... Inputs, Result<std::string> (*function)(const Inputs&...)>
struct Renderer<function> {
    static Result<std::string> render(const Json& settings, const Json& os)
    {
        std::tuple<Result<Inputs>...> inputs{read_input<Inputs>(settings, os)...};
        return std::apply(
            [](auto&... input) -> Result<std::string> {
                Result<void> all;
                static_cast<void>(((all = outcome(input)).has_value() && ...));
                TRY(std::move(all));
                return function(*input...);
            },
            inputs);
    }

private:
    template <typename T>
    static Result<void> outcome(const Result<T>& result)
    {
        if (!result.has_value()) {
            return Failure{result.error()};
        }
        return {};
    }
};

} // namespace detail

namespace detail {

template <auto function>
struct Misfits;

template <typename T, std::vector<Problem> (*function)(const T&)>
struct Misfits<function> {
    static std::vector<Problem> find(const Json& settings)
    {
        const auto group = read_group<T>(settings);
        // What no model wrote is told of where it is rendered.
        return group.has_value() ? function(*group) : std::vector<Problem>();
    }
};

} // namespace detail

/// For `Group::misfits`, from a `std::vector<Problem>(const Ntp&)`.
template <auto function>
inline constexpr MisfitsFunction group_misfits = detail::Misfits<function>::find;

/// A file made by `function`, a `Result<std::string>(const Ntp&, …)`: its parameters say which
/// groups it needs, also those of other folders, and `const Os&`.
template <auto function>
RenderedFile rendered_file(std::string_view name, std::string_view path,
                           std::string_view mode = "0644")
{
    return {std::string(name),
            {.path = std::string(path),
             .template_path = std::format("/usr/share/templates/{}", name),
             .mode = std::string(mode)},
            detail::Renderer<function>::render};
}

/// The same file, written in place: containers have it mounted.
inline RenderedFile mounted_by_containers(RenderedFile rendered)
{
    rendered.file.mounted_by_containers = true;
    return rendered;
}

} // namespace holdfast::settings
