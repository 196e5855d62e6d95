#include "settings/model.hpp"

#include <cstdint>

namespace {

using holdfast::Json;
using holdfast::settings::Model;

const Model& model()
{
    static const auto loaded = [] {
        Json variant = {{"groups", Model::known_groups()}};
        auto result = Model::load(holdfast::to_text(variant));
        holdfast::check(result.has_value(), "a model of all groups loads");
        return *std::move(result);
    }();
    return loaded;
}

void judge(std::string_view text)
{
    const auto settings = holdfast::parse_json(text);
    if (!settings.has_value()) {
        return;
    }
    const auto judged = model().judge(*settings);
    // What is taken is taken again, unchanged: the store may be read back after any update.
    const auto nested = model().nest(judged.values);
    const auto again = model().flatten(nested);
    holdfast::check(again.has_value() && *again == judged.values, "judged values are stable");
    for (const auto& [name, file] : model().configuration_files()) {
        static_cast<void>(model().render(name, nested, Json::object()));
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    judge(text);
    if (const auto values = model().flatten_pair(text)) {
        holdfast::check(values->size() == 1, "a pair is one value");
    }
    return 0;
}
