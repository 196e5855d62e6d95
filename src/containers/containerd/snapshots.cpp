#include "containers/containerd/connection.hpp"

#include "github.com/containerd/containerd/api/services/containers/v1/containers.grpc.pb.h"
#include "github.com/containerd/containerd/api/services/leases/v1/leases.grpc.pb.h"
#include "github.com/containerd/containerd/api/services/snapshots/v1/snapshots.grpc.pb.h"

#include <format>

namespace holdfast::containers {

namespace snapshots = containerd::services::snapshots::v1;
namespace records = containerd::services::containers::v1;
namespace leases = containerd::services::leases::v1;

namespace {

constexpr auto snapshotter = "overlayfs";

/// Ten minutes from now as containerd's lease label wants it (RFC 3339).
std::string expiry(io::Clock& clock)
{
    const auto when =
        std::chrono::floor<std::chrono::seconds>(clock.now() + std::chrono::minutes{10});
    return std::format("{:%Y-%m-%dT%H:%M:%SZ}", when);
}

} // namespace

Result<bool> Client::has_snapshot(const std::string& key)
{
    auto stub = snapshots::Snapshots::NewStub(connection_->channel);
    snapshots::StatSnapshotRequest request;
    request.set_snapshotter(snapshotter);
    request.set_key(key);
    snapshots::StatSnapshotResponse response;
    const auto found = judged(stub->Stat(connection_->context(quick).get(), request, &response),
                              std::format("looking up the snapshot {}", key));
    if (!found.has_value() && found.error().code() != Errc::not_found) {
        return Failure{found.error()};
    }
    return found.has_value();
}

Result<void> Client::prepare_snapshot(const std::string& key, const std::string& parent)
{
    auto stub = leases::Leases::NewStub(connection_->channel);
    leases::CreateRequest lease;
    lease.set_id("holdfast-" + key);
    (*lease.mutable_labels())["containerd.io/gc.expire"] = expiry(connection_->clock);
    leases::CreateResponse made;
    auto leased = judged(stub->Create(connection_->context(quick).get(), lease, &made),
                         std::format("leasing the snapshot {}", key));
    // One that a killed predecessor left serves as well.
    if (!leased.has_value() && leased.error().code() != Errc::conflict) {
        return leased;
    }
    connection_->lease = lease.id();

    auto snapshot_stub = snapshots::Snapshots::NewStub(connection_->channel);
    snapshots::PrepareSnapshotRequest request;
    request.set_snapshotter(snapshotter);
    request.set_key(key);
    request.set_parent(parent);
    snapshots::PrepareSnapshotResponse response;
    return judged(
        snapshot_stub->Prepare(connection_->context(slow).get(), request, &response),
        std::format("preparing the snapshot {}", key));
}

Result<void> Client::remove_snapshot(const std::string& key)
{
    auto stub = snapshots::Snapshots::NewStub(connection_->channel);
    snapshots::RemoveSnapshotRequest request;
    request.set_snapshotter(snapshotter);
    request.set_key(key);
    google::protobuf::Empty response;
    return judged(stub->Remove(connection_->context(quick).get(), request, &response),
                  std::format("removing the snapshot {}", key));
}

Result<Container> Client::container(const std::string& id)
{
    auto stub = records::Containers::NewStub(connection_->channel);
    records::GetContainerRequest request;
    request.set_id(id);
    records::GetContainerResponse response;
    TRY(judged(stub->Get(connection_->context(quick).get(), request, &response),
               std::format("looking up the container {}", id)));
    const auto& found = response.container();
    return Container{found.id(), found.image(), found.snapshot_key(), found.spec().value(),
                     {found.labels().begin(), found.labels().end()}};
}

Result<void> Client::create_container(const Container& container)
{
    auto stub = records::Containers::NewStub(connection_->channel);
    records::CreateContainerRequest request;
    auto& record = *request.mutable_container();
    record.set_id(container.id);
    record.set_image(container.image);
    record.set_snapshotter(snapshotter);
    record.set_snapshot_key(container.snapshot);
    record.mutable_runtime()->set_name("io.containerd.runc.v2");
    *record.mutable_runtime()->mutable_options() = runtime_options(connection_->options);
    record.mutable_spec()->set_type_url("types.containerd.io/opencontainers/runtime-spec/1/Spec");
    record.mutable_spec()->set_value(container.spec);
    for (const auto& [key, value] : container.labels) {
        (*record.mutable_labels())[key] = value;
    }
    records::CreateContainerResponse response;
    TRY(judged(stub->Create(connection_->context(quick).get(), request, &response),
               std::format("creating the container {}", container.id)));

    // The record now keeps the snapshot. A lease that stays behind runs out by itself.
    if (!connection_->lease.empty()) {
        leases::DeleteRequest lease;
        lease.set_id(std::exchange(connection_->lease, {}));
        google::protobuf::Empty deleted;
        (void)leases::Leases::NewStub(connection_->channel)
            ->Delete(connection_->context(quick).get(), lease, &deleted);
    }
    return {};
}

Result<void> Client::remove_container(const std::string& id)
{
    auto stub = records::Containers::NewStub(connection_->channel);
    records::DeleteContainerRequest request;
    request.set_id(id);
    google::protobuf::Empty response;
    return judged(stub->Delete(connection_->context(quick).get(), request, &response),
                  std::format("removing the container {}", id));
}

} // namespace holdfast::containers
