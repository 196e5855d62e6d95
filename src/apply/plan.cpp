#include "apply/plan.hpp"

#include <algorithm>

namespace holdfast::apply {

namespace {

/// By turn, and by name where that is the same.
void put_in_order(const settings::Model& model, std::vector<AffectedService>& services)
{
    std::ranges::stable_sort(services, {}, [&model](const AffectedService& service) {
        return model.services().at(service.name).turn;
    });
}

} // namespace

Plan plan_for_keys(const settings::Model& model, std::span<const std::string> keys)
{
    std::map<std::string, std::vector<std::string>> affected;
    for (const auto& key : keys) {
        for (const auto& service : model.affected_services(key)) {
            affected[service].push_back(key);
        }
    }
    Plan plan;
    for (auto& [name, changed] : affected) {
        const auto service = model.services().find(name);
        if (service == model.services().end()) {
            continue; // A group names a service that this variant does not have.
        }
        plan.files.insert(service->second.configuration_files.begin(),
                          service->second.configuration_files.end());
        plan.services.push_back({name, std::move(changed)});
    }
    put_in_order(model, plan.services);
    return plan;
}

Plan plan_for_all(const settings::Model& model)
{
    Plan plan;
    for (const auto& [name, file] : model.configuration_files()) {
        plan.files.insert(name);
    }
    for (const auto& [name, service] : model.services()) {
        plan.services.push_back({name, {}});
    }
    put_in_order(model, plan.services);
    return plan;
}

} // namespace holdfast::apply
