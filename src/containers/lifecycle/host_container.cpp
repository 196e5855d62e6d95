#include "containers/lifecycle/host_container.hpp"

#include "base/log.hpp"

#include <csignal>

namespace holdfast::containers {

namespace {

constexpr auto parent_label = "holdfast.parent-snapshot";
constexpr std::chrono::milliseconds poll_interval{20};
constexpr int polls_until_stopped = 500; // ten seconds
constexpr int deletion_attempts = 5;
constexpr std::chrono::milliseconds deletion_pause{200};

std::string snapshot_key(const std::string& id)
{
    return id + "-snapshot";
}

StreamPaths stream_paths(const std::string& id)
{
    const auto folder = std::filesystem::path("/run/host-containerd/streams") / id;
    return {folder / "output", folder / "errors"};
}

/// Success for what was not there.
Result<void> absent_is_fine(Result<void> result)
{
    if (!result.has_value() && result.error().code() == Errc::not_found) {
        return {};
    }
    return result;
}

/// The process as it is once it has stopped. `timeout` when it still runs after ten seconds.
Result<Task> stopped_task(const std::string& id, World& world)
{
    for (int poll = 0; poll < polls_until_stopped; ++poll) {
        TRY_ASSIGN(const auto task, world.runtime.task(id));
        if (task.state == TaskState::stopped) {
            return task;
        }
        // Our end of the process is seen a moment before containerd's.
        world.clock.sleep(poll_interval);
    }
    return fail(Errc::timeout, "{} did not end", id);
}

/// Forgets a process that has stopped. Its own host-ctr may do so in the same moment; which of the two
/// comes second hears from containerd that the process is unknown, or, while its shim ends, that a
/// connection was closed.
Result<void> delete_stopped(const std::string& id, World& world)
{
    for (int attempt = 1;; ++attempt) {
        const auto deleted = world.runtime.delete_task(id);
        if (deleted.has_value() || deleted.error().code() == Errc::not_found) {
            return {};
        }
        if (attempt == deletion_attempts) {
            return Failure{deleted.error()};
        }
        world.clock.sleep(deletion_pause);
    }
}

/// Ends the process of whatever state and forgets it.
Result<void> remove_task(const std::string& id, World& world)
{
    const auto task = world.runtime.task(id);
    if (!task.has_value()) {
        return absent_is_fine(Failure{task.error()});
    }
    if (task->state != TaskState::stopped) {
        // It may end by itself in this moment; what counts is whether it has stopped.
        (void)world.runtime.kill_task(id, SIGKILL, Runtime::Whom::all_processes);
        TRY(stopped_task(id, world));
    }
    return delete_stopped(id, world);
}

/// The container's record, file system and streams. All are tried even when one fails.
Result<void> remove_record(const std::string& id, World& world)
{
    auto record = absent_is_fine(world.runtime.remove_container(id));
    auto snapshot = absent_is_fine(world.runtime.remove_snapshot(snapshot_key(id)));
    const auto streams = stream_paths(id);
    for (const auto& path : {streams.output, streams.errors, streams.output.parent_path()}) {
        (void)world.files.remove(path);
    }
    TRY(std::move(record));
    return snapshot;
}

/// Watches the running process; false when it has ended in the meantime.
Result<bool> watch_running(const std::string& id, std::uint32_t pid, World& world)
{
    const auto watched = world.handover.watch(pid);
    if (!watched.has_value()) {
        return watched.error().code() == Errc::not_found ? Result<bool>(false)
                                                         : Failure{watched.error()};
    }
    // The number may have gone to another process before it was watched. Ours still has it if it
    // runs now.
    TRY_ASSIGN(const auto task, world.runtime.task(id));
    return task.state == TaskState::running && task.pid == pid;
}

Result<int> wait_for_end(const std::string& id, std::uint32_t pid, const RunOrder& order,
                         World& world)
{
    TRY_ASSIGN(const bool running, watch_running(id, pid, world));
    // One that ended at once has left its last words in the streams all the same.
    return world.handover.become_waiter(
        running ? Handover::Process::watched : Handover::Process::ended, order.finish);
}

Result<int> attach(const std::string& id, const Task& task, const RunOrder& order, World& world)
{
    log::info("attaching to the running container", {{"container", id}});
    TRY(world.handover.hold_signals());
    const StreamPaths paths{task.output, task.errors};
    TRY(world.files.create_directories(paths.output.parent_path(), 0700));
    TRY(world.handover.open_streams(paths));
    return wait_for_end(id, task.pid, order, world);
}

Result<void> make_container(const std::string& id, const ReadyImage& image,
                            const std::string& specification, World& world)
{
    const auto existing = world.runtime.container(id);
    if (existing.has_value()) {
        TRY(remove_task(id, world));
        const auto parent = existing->labels.find(parent_label);
        if (existing->spec == specification && parent != existing->labels.end() &&
            parent->second == image.snapshot) {
            return {};
        }
        TRY(remove_record(id, world));
    }
    TRY(absent_is_fine(world.runtime.remove_snapshot(snapshot_key(id))));
    TRY(world.runtime.prepare_snapshot(snapshot_key(id), image.snapshot));
    return world.runtime.create_container({id, image.name, snapshot_key(id), specification,
                                           Labels{{parent_label, image.snapshot}}});
}

Result<int> start(const std::string& id, const RunOrder& order, World& world)
{
    const auto paths = stream_paths(id);
    TRY(world.files.create_directories(paths.output.parent_path(), 0700));
    TRY(world.handover.hold_signals());
    TRY(world.handover.open_streams(paths));
    TRY(world.runtime.create_task(id, paths.output.native(), paths.errors.native()));
    TRY_ASSIGN(const auto pid, world.runtime.start_task(id));
    log::info("started the container", {{"container", id}, {"pid", std::to_string(pid)}});
    return wait_for_end(id, pid, order, world);
}

} // namespace

std::string container_id(const ContainerRequest& request)
{
    return request.kind == Kind::bootstrap ? "boot." + request.name : request.name;
}

Result<ReadyImage> ensure_image(const ImageSource& source, const RegistryAccess& access,
                                bool use_cached_image, const Labels& labels, World& world)
{
    const auto* archive = std::get_if<ArchiveImage>(&source);
    const auto* registry = std::get_if<RegistryImage>(&source);
    const auto name = archive != nullptr ? archive->name() : registry->str();
    if (use_cached_image) {
        auto cached = find_image(world.runtime, name);
        if (cached.has_value()) {
            TRY(world.runtime.label_image(name, labels));
            return cached;
        }
    }
    if (archive != nullptr) {
        TRY_ASSIGN(const auto device, world.open_archive(archive->path));
        TRY(import_archive(world.runtime, *archive, *device, labels));
    } else {
        TRY(pull_image(world.runtime, *registry, access, labels, world.clock, world.random));
    }
    return find_image(world.runtime, name);
}

Result<int> run_container(const RunOrder& order, World& world)
{
    const auto id = container_id(order.request);
    if (const auto task = world.runtime.task(id);
        task.has_value() && task->state == TaskState::running) {
        return attach(id, *task, order, world);
    }
    TRY_ASSIGN(const auto image, ensure_image(order.source, order.access, order.use_cached_image,
                                              {}, world));
    TRY_ASSIGN(const auto specification,
               make_specification(order.request, image.process, world.files)
                   .while_(std::format("container {}", id)));
    auto made = make_container(id, image, to_text(specification), world);
    if (!made.has_value()) {
        (void)clean_up_container(id, world);
        return Failure{made.error()};
    }
    auto status = start(id, order, world);
    if (!status.has_value()) {
        (void)clean_up_container(id, world);
    }
    return status;
}

Result<int> finish_container(const std::string& id, Ended how, World& world)
{
    auto status = [&]() -> Result<std::uint32_t> {
        const auto stopped = stopped_task(id, world);
        if (!stopped.has_value() && stopped.error().code() != Errc::timeout) {
            return Failure{stopped.error()};
        }
        if (!stopped.has_value()) {
            TRY(world.runtime.kill_task(id, SIGKILL, Runtime::Whom::all_processes));
            TRY(stopped_task(id, world));
        }
        return world.runtime.delete_task(id);
    }();
    auto removed = remove_record(id, world);
    TRY_ASSIGN(const auto code, std::move(status).while_(std::format("container {}", id)));
    TRY(std::move(removed));
    if (how == Ended::on_request) {
        log::info("stopped the container",
                  {{"container", id}, {"status", std::to_string(code)}});
        return 0;
    }
    if (code != 0) {
        return fail(Errc::io, "container {} exited with status {}", id, code);
    }
    log::info("the container ended", {{"container", id}});
    return 0;
}

Result<void> clean_up_container(const std::string& id, World& world)
{
    TRY(remove_task(id, world));
    return remove_record(id, world);
}

} // namespace holdfast::containers
