#include "json/json.hpp"

#include <vector>

namespace holdfast {

namespace {

/// Builds the value from the parser's events, and refuses what nlohmann lets pass: too deep nesting,
/// and keys given twice. Its own builder with a callback for these would take twice the time.
class Builder {
public:
    explicit Builder(int depth_limit) : depth_limit_(static_cast<std::size_t>(depth_limit)) {}

    bool null() { return add(nullptr); }
    bool boolean(bool value) { return add(value); }
    bool number_integer(Json::number_integer_t value) { return add(value); }
    bool number_unsigned(Json::number_unsigned_t value) { return add(value); }
    bool number_float(Json::number_float_t value, const std::string&) { return add(value); }
    bool string(std::string& value) { return add(std::move(value)); }
    bool binary(Json::binary_t& value) { return add(std::move(value)); }
    bool start_object(std::size_t) { return open(Json::object()); }
    bool start_array(std::size_t) { return open(Json::array()); }
    bool end_object() { return close(); }
    bool end_array() { return close(); }
    bool key(std::string& name)
    {
        auto& object = open_.back()->get_ref<Json::object_t&>();
        const auto [member, is_new] = object.emplace(std::move(name), nullptr);
        if (!is_new) {
            problem_ = std::format("not acceptable JSON: the key \"{}\" stands twice in one object",
                                   member->first);
        }
        member_ = &member->second;
        return is_new;
    }
    bool parse_error(std::size_t, const std::string&, const Json::exception& problem)
    {
        problem_ = std::format("not valid JSON: {}", problem.what());
        return false;
    }

    const std::string& problem() const { return problem_; }
    Json take() { return std::move(root_); }

private:
    /// Where the value is now: in the open array, at the last key, or at the root.
    Json& place(Json value)
    {
        if (open_.empty()) {
            return root_ = std::move(value);
        }
        if (open_.back()->is_array()) {
            return open_.back()->emplace_back(std::move(value));
        }
        return *member_ = std::move(value);
    }
    bool add(Json value)
    {
        place(std::move(value));
        return true;
    }
    bool open(Json value)
    {
        if (open_.size() >= depth_limit_) {
            problem_ = std::format("not acceptable JSON: nested deeper than {} levels",
                                   depth_limit_);
            return false;
        }
        // A pointer into an open array holds until that array gets its next item, which is after
        // this one is closed.
        open_.push_back(&place(std::move(value)));
        return true;
    }
    bool close()
    {
        open_.pop_back();
        return true;
    }

    std::size_t depth_limit_;
    Json root_;
    std::vector<Json*> open_;
    Json* member_ = nullptr; ///< What belongs to the last key of the open object.
    std::string problem_;
};

} // namespace

Result<Json> parse_json(std::string_view text, JsonLimits limits)
{
    if (text.size() > limits.bytes) {
        return fail(Errc::too_large, "JSON text of {} bytes, at most {} are taken", text.size(),
                    limits.bytes);
    }
    Builder builder(limits.depth);
    if (!Json::sax_parse(text, &builder)) {
        return fail(Errc::invalid, "{}", builder.problem());
    }
    return builder.take();
}

bool is_utf8(std::string_view text)
{
    const Json value(text);
    const auto written_and_read = parse_json(to_text(value), {.bytes = SIZE_MAX});
    return written_and_read.has_value() && *written_and_read == value;
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
