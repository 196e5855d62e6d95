#pragma once

#include "containers/runtime/runtime.hpp"
#include "io/clock.hpp"

#include <filesystem>
#include <memory>

namespace holdfast::containers {

struct ClientOptions {
    std::filesystem::path socket = "/run/host-containerd/containerd.sock";
    /// containerd's namespace, in which images and containers live.
    std::string space = "default";
    /// What makes containers for containerd's shim, and where it keeps its state of ours.
    std::filesystem::path runtime = "/usr/bin/crun";
    std::filesystem::path runtime_root = "/run/host-containerd/crun";
};

/// containerd 1.7 over gRPC. Connects on the first call; a connection that broke is made again.
/// Not for use from two threads at once. `clock` outlives the client.
class Client final : public Runtime {
public:
    static Result<std::unique_ptr<Client>> open(ClientOptions options, io::Clock& clock);
    ~Client() override;

    Result<std::string> version() override;
    Result<StoredImage> image(const std::string& name) override;
    Result<void> label_image(const std::string& name, const Labels& labels) override;
    Result<void> remove_image(const std::string& name) override;
    Result<std::string> blob(const std::string& digest, std::size_t limit) override;
    Result<Labels> blob_labels(const std::string& digest) override;
    Result<void> pull(const PullOrder& order) override;
    Result<void> import(const std::string& name, const Labels& labels,
                        const ByteSource& archive) override;
    Result<bool> has_snapshot(const std::string& key) override;
    Result<void> prepare_snapshot(const std::string& key, const std::string& parent) override;
    Result<void> remove_snapshot(const std::string& key) override;
    Result<Container> container(const std::string& id) override;
    Result<void> create_container(const Container& container) override;
    Result<void> remove_container(const std::string& id) override;
    Result<Task> task(const std::string& id) override;
    Result<void> create_task(const std::string& id, const std::string& output,
                             const std::string& errors) override;
    Result<std::uint32_t> start_task(const std::string& id) override;
    Result<void> kill_task(const std::string& id, int signal, Whom whom) override;
    Result<std::uint32_t> delete_task(const std::string& id) override;

private:
    struct Connection;
    explicit Client(std::unique_ptr<Connection> connection);
    std::unique_ptr<Connection> connection_;
};

} // namespace holdfast::containers
