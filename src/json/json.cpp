#include "json/json.hpp"

#include <set>
#include <vector>

namespace holdfast {

namespace {

using Event = Json::parse_event_t;

/// Watches the parser for what nlohmann lets pass: too deep nesting, and keys given twice.
class Watch {
public:
    explicit Watch(int depth_limit) : depth_limit_(depth_limit) {}

    bool operator()(int depth, Event event, Json& parsed)
    {
        if (depth > depth_limit_) {
            problem_ = std::format("nested deeper than {} levels", depth_limit_);
            return false;
        }
        if (event == Event::object_start) {
            keys_.emplace_back();
        } else if (event == Event::object_end && !keys_.empty()) {
            keys_.pop_back();
        } else if (event == Event::key && !keys_.empty()) {
            const auto& key = parsed.get_ref<const std::string&>();
            if (!keys_.back().insert(key).second) {
                problem_ = std::format("the key \"{}\" stands twice in one object", key);
            }
        }
        return true;
    }

    const std::string& problem() const { return problem_; }

private:
    int depth_limit_;
    std::vector<std::set<std::string>> keys_;
    std::string problem_;
};

} // namespace

Result<Json> parse_json(std::string_view text, JsonLimits limits)
{
    if (text.size() > limits.bytes) {
        return fail(Errc::too_large, "JSON text of {} bytes, at most {} are taken", text.size(),
                    limits.bytes);
    }
    Watch watch(limits.depth);
    try {
        auto value = Json::parse(text, [&watch](int depth, Event event, Json& parsed) {
            return watch(depth, event, parsed);
        });
        if (!watch.problem().empty()) {
            return fail(Errc::invalid, "not acceptable JSON: {}", watch.problem());
        }
        return value;
    } catch (const Json::exception& problem) {
        return fail(Errc::invalid, "not valid JSON: {}", problem.what());
    }
}

std::string to_text(const Json& value)
{
    return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string to_pretty_text(const Json& value)
{
    return value.dump(2, ' ', false, Json::error_handler_t::replace);
}

} // namespace holdfast
