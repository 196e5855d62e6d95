#include "image/glob.hpp"

#include <algorithm>

namespace holdfast::image {

namespace {

bool match_here(std::string_view pattern, std::string_view path)
{
    if (pattern.empty()) {
        return path.empty() || path.front() == '/';
    }
    if (pattern.starts_with("**")) {
        const auto rest = pattern.substr(2);
        for (std::size_t skipped = 0; skipped <= path.size(); ++skipped) {
            if (match_here(rest, path.substr(skipped))) {
                return true;
            }
        }
        return false;
    }
    if (pattern.front() == '*') {
        for (std::size_t skipped = 0; skipped <= path.size(); ++skipped) {
            if (match_here(pattern.substr(1), path.substr(skipped))) {
                return true;
            }
            if (skipped < path.size() && path[skipped] == '/') {
                return false;
            }
        }
        return false;
    }
    if (path.empty() || (pattern.front() != path.front() &&
                         !(pattern.front() == '?' && path.front() != '/'))) {
        return false;
    }
    return match_here(pattern.substr(1), path.substr(1));
}

} // namespace

bool matches(std::string_view pattern, std::string_view path)
{
    return match_here(pattern, path);
}

bool matches_any(std::span<const std::string> patterns, std::string_view path)
{
    return std::ranges::any_of(patterns,
                               [&](const auto& pattern) { return matches(pattern, path); });
}

} // namespace holdfast::image
