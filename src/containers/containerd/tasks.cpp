#include "containers/containerd/connection.hpp"

#include "github.com/containerd/containerd/api/services/containers/v1/containers.grpc.pb.h"
#include "github.com/containerd/containerd/api/services/snapshots/v1/snapshots.grpc.pb.h"
#include "github.com/containerd/containerd/api/services/tasks/v1/tasks.grpc.pb.h"

#include <format>

namespace holdfast::containers {

namespace tasks = containerd::services::tasks::v1;
namespace snapshots = containerd::services::snapshots::v1;

namespace {

TaskState state_of(containerd::v1::types::Status status)
{
    // Protobuf enums carry sentinel enumerators, so no total switch.
    if (status == containerd::v1::types::Status::CREATED) {
        return TaskState::created;
    }
    if (status == containerd::v1::types::Status::RUNNING) {
        return TaskState::running;
    }
    if (status == containerd::v1::types::Status::STOPPED) {
        return TaskState::stopped;
    }
    if (status == containerd::v1::types::Status::PAUSED ||
        status == containerd::v1::types::Status::PAUSING) {
        return TaskState::paused;
    }
    return TaskState::unknown;
}

} // namespace

Result<Task> Client::task(const std::string& id)
{
    auto stub = tasks::Tasks::NewStub(connection_->channel);
    tasks::GetRequest request;
    request.set_container_id(id);
    tasks::GetResponse response;
    TRY(judged(stub->Get(connection_->context(quick).get(), request, &response),
               std::format("looking up the process of {}", id)));
    const auto& found = response.process();
    return Task{state_of(found.status()), found.pid(), found.exit_status(), found.stdout(),
                found.stderr()};
}

Result<void> Client::create_task(const std::string& id, const std::string& output,
                                 const std::string& errors)
{
    TRY_ASSIGN(const auto record, container(id));
    auto snapshot_stub = snapshots::Snapshots::NewStub(connection_->channel);
    snapshots::MountsRequest mounts;
    mounts.set_snapshotter("overlayfs");
    mounts.set_key(record.snapshot);
    snapshots::MountsResponse mounted;
    TRY(judged(snapshot_stub->Mounts(connection_->context(quick).get(), mounts, &mounted),
               std::format("asking for the mounts of {}", record.snapshot)));

    auto stub = tasks::Tasks::NewStub(connection_->channel);
    tasks::CreateTaskRequest request;
    request.set_container_id(id);
    request.set_stdout(output);
    request.set_stderr(errors);
    for (const auto& mount : mounted.mounts()) {
        *request.add_rootfs() = mount;
    }
    *request.mutable_options() = runtime_options(connection_->options);
    tasks::CreateTaskResponse response;
    return judged(stub->Create(connection_->context(slow).get(), request, &response),
                  std::format("creating the process of {}", id));
}

Result<std::uint32_t> Client::start_task(const std::string& id)
{
    auto stub = tasks::Tasks::NewStub(connection_->channel);
    tasks::StartRequest request;
    request.set_container_id(id);
    tasks::StartResponse response;
    TRY(judged(stub->Start(connection_->context(slow).get(), request, &response),
               std::format("starting {}", id)));
    return response.pid();
}

Result<void> Client::kill_task(const std::string& id, int signal, Whom whom)
{
    auto stub = tasks::Tasks::NewStub(connection_->channel);
    tasks::KillRequest request;
    request.set_container_id(id);
    request.set_signal(static_cast<std::uint32_t>(signal));
    request.set_all(whom == Whom::all_processes);
    google::protobuf::Empty response;
    return judged(stub->Kill(connection_->context(quick).get(), request, &response),
                  std::format("sending signal {} to {}", signal, id));
}

Result<std::uint32_t> Client::delete_task(const std::string& id)
{
    auto stub = tasks::Tasks::NewStub(connection_->channel);
    tasks::DeleteTaskRequest request;
    request.set_container_id(id);
    tasks::DeleteResponse response;
    TRY(judged(stub->Delete(connection_->context(quick).get(), request, &response),
               std::format("deleting the process of {}", id)));
    return response.exit_status();
}

} // namespace holdfast::containers
