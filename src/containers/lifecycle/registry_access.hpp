#pragma once

#include "containers/runtime/runtime.hpp"
#include "containers/lifecycle/image_source.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::containers {

/// One place to pull an image from.
struct Endpoint {
    std::string reference; ///< As containerd's transfer service takes it.
};

/// Mirrors and credentials of the machine's settings (host-ctr.toml). Default: none of either.
class RegistryAccess {
public:
    /// Errors: `invalid` for text that is no TOML or has another shape.
    static Result<RegistryAccess> parse(std::string_view toml);

    /// Where to try, in order: the registry's mirrors, or else those of "*", and then the registry
    /// itself. A mirror that containerd's transfer service cannot reach (plain http, or a path that
    /// does not begin with /v2) is left out and named in `skipped`.
    std::vector<Endpoint> endpoints(const RegistryImage& image,
                                    std::vector<std::string>& skipped) const;
    /// The login of the image's registry. It is used at every endpoint, mirrors too.
    std::optional<Login> login(const RegistryImage& image) const;

private:
    std::map<std::string, std::vector<std::string>> mirrors_;
    std::map<std::string, Login> logins_;
};

} // namespace holdfast::containers
