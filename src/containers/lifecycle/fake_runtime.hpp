#pragma once

// For the tests of this room: a containerd in memory that behaves.

#include "containers/runtime/runtime.hpp"
#include "containers/lifecycle/handover.hpp"

#include <csignal>
#include <set>

namespace holdfast::containers {

class FakeRuntime final : public Runtime {
public:
    // What tests set up.
    std::map<std::string, StoredImage> images;
    std::map<std::string, std::string> blobs;
    std::map<std::string, Labels> labels;
    std::set<std::string> snapshots;
    std::map<std::string, Container> containers;
    std::map<std::string, Task> tasks;
    int failing_pulls = 0;
    Error pull_error{Errc::io, "no such host"};
    bool start_fails = false;
    bool ignores_kill = false;
    bool others_delete = false; ///< Somebody else deletes a process at the same moment.

    // What tests look at.
    std::vector<PullOrder> pulls;
    std::vector<std::string> imports;
    std::string imported_bytes;
    std::vector<std::string> steps;

    /// An image that is here and unpacked on the snapshot "chain".
    void put_image(const std::string& name, const std::string& index_digest = "sha256:index")
    {
        images[name] = {name, {"application/vnd.oci.image.index.v1+json", index_digest, 1}, {}};
        blobs[index_digest] =
            R"({"manifests":[{"digest":"sha256:other","platform":{"os":"linux","architecture":"s390x"}},)"
            R"({"digest":"sha256:manifest"}]})";
        blobs["sha256:manifest"] = R"({"config":{"digest":"sha256:config"}})";
        blobs["sha256:config"] = R"({"config":{"Entrypoint":["/init"]}})";
        labels["sha256:config"] = {{"containerd.io/gc.ref.snapshot.overlayfs", "chain"}};
        snapshots.insert("chain");
    }

    Result<std::string> version() override { return std::string("1.7.0"); }
    Result<StoredImage> image(const std::string& name) override { return find(images, name); }
    Result<void> label_image(const std::string& name, const Labels& added) override
    {
        TRY(find(images, name));
        images[name].labels.insert(added.begin(), added.end());
        return {};
    }
    Result<void> remove_image(const std::string& name) override { return erase(images, name); }
    Result<std::string> blob(const std::string& digest, std::size_t /*limit*/) override
    {
        return find(blobs, digest);
    }
    Result<Labels> blob_labels(const std::string& digest) override
    {
        return find(labels, digest);
    }
    Result<void> pull(const PullOrder& order) override
    {
        pulls.push_back(order);
        if (failing_pulls > 0) {
            --failing_pulls;
            return Failure{pull_error};
        }
        put_image(order.name);
        return {};
    }
    Result<void> import(const std::string& name, const Labels& added,
                        const ByteSource& archive) override
    {
        imports.push_back(name);
        imported_bytes.clear();
        for (;;) {
            TRY_ASSIGN(const auto piece, archive(1000));
            if (piece.empty()) {
                break;
            }
            imported_bytes += piece;
        }
        put_image(name, import_digest);
        images[name].labels = added;
        return {};
    }
    std::string import_digest = "sha256:index";

    Result<bool> has_snapshot(const std::string& key) override { return snapshots.contains(key); }
    Result<void> prepare_snapshot(const std::string& key, const std::string& parent) override
    {
        steps.push_back("snapshot " + key + " on " + parent);
        return snapshots.insert(key).second ? Result<void>{}
                                            : fail(Errc::conflict, "{} exists", key);
    }
    Result<void> remove_snapshot(const std::string& key) override
    {
        return snapshots.erase(key) > 0 ? Result<void>{} : fail(Errc::not_found, "{}", key);
    }
    Result<Container> container(const std::string& id) override { return find(containers, id); }
    Result<void> create_container(const Container& made) override
    {
        steps.push_back("container " + made.id);
        return containers.emplace(made.id, made).second ? Result<void>{}
                                                        : fail(Errc::conflict, "{}", made.id);
    }
    Result<void> remove_container(const std::string& id) override
    {
        return tasks.contains(id) ? fail(Errc::conflict, "{} runs", id) : erase(containers, id);
    }
    Result<Task> task(const std::string& id) override { return find(tasks, id); }
    Result<void> create_task(const std::string& id, const std::string& output,
                             const std::string& errors) override
    {
        steps.push_back("process of " + id);
        tasks[id] = {TaskState::created, 42, 0, output, errors};
        return {};
    }
    Result<std::uint32_t> start_task(const std::string& id) override
    {
        if (start_fails) {
            return fail(Errc::io, "no such program");
        }
        steps.push_back("start " + id);
        tasks[id].state = TaskState::running;
        return tasks[id].pid;
    }
    Result<void> kill_task(const std::string& id, int signal, Whom /*whom*/) override
    {
        TRY(find(tasks, id));
        if (signal == SIGKILL && !ignores_kill) {
            tasks[id].state = TaskState::stopped;
            tasks[id].exit_status = 137;
        }
        return {};
    }
    Result<std::uint32_t> delete_task(const std::string& id) override
    {
        TRY_ASSIGN(const auto found, find(tasks, id));
        if (found.state != TaskState::stopped && found.state != TaskState::created) {
            return fail(Errc::conflict, "{} runs", id);
        }
        tasks.erase(id);
        if (others_delete) {
            return fail(Errc::io, "ttrpc: closed");
        }
        return found.exit_status;
    }

private:
    template <typename Value>
    static Result<Value> find(const std::map<std::string, Value>& from, const std::string& key)
    {
        const auto found = from.find(key);
        if (found == from.end()) {
            return fail(Errc::not_found, "no {}", key);
        }
        return found->second;
    }
    template <typename Value>
    static Result<void> erase(std::map<std::string, Value>& from, const std::string& key)
    {
        return from.erase(key) > 0 ? Result<void>{} : fail(Errc::not_found, "no {}", key);
    }
};

class FakeHandover final : public Handover {
public:
    std::vector<std::string> steps;
    std::vector<std::string> finish;
    bool is_gone = false;
    std::function<void()> on_watch = [] {};

    Result<void> hold_signals() override
    {
        steps.emplace_back("hold signals");
        return {};
    }
    Result<void> open_streams(const StreamPaths& paths) override
    {
        steps.push_back("open " + paths.output.native());
        return {};
    }
    Result<void> watch(std::uint32_t pid) override
    {
        steps.push_back("watch " + std::to_string(pid));
        on_watch();
        return is_gone ? fail(Errc::not_found, "gone") : Result<void>{};
    }
    Result<int> become_waiter(Process process, const std::vector<std::string>& next) override
    {
        steps.emplace_back(process == Process::watched ? "wait" : "copy and finish");
        finish = next;
        return 0;
    }
};

} // namespace holdfast::containers
