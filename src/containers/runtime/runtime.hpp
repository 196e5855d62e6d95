#pragma once

#include "base/error.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::containers {

using Labels = std::map<std::string, std::string>;

/// What an image or a layer is: OCI content descriptor, without its annotations.
struct Descriptor {
    std::string media_type;
    std::string digest; ///< "sha256:…"
    std::uint64_t size = 0;
};

/// A name in the image store, and what it points to.
struct StoredImage {
    std::string name;
    Descriptor target;
    Labels labels;
};

/// A container as containerd keeps it; no process yet.
struct Container {
    std::string id;
    std::string image;
    std::string snapshot; ///< The key of its writable file system.
    std::string spec;     ///< OCI runtime specification, JSON text.
    Labels labels;
};

enum class TaskState { created, running, stopped, paused, unknown };

/// The process of a container.
struct Task {
    TaskState state = TaskState::unknown;
    std::uint32_t pid = 0;
    std::uint32_t exit_status = 0;
    std::string output; ///< The path of the FIFO of its standard output.
    std::string errors; ///< The same for standard error.
};

/// How to log in at one registry. An empty user name with a secret is an identity token.
struct Login {
    std::string user;
    std::string secret;
};

struct PullOrder {
    std::string reference; ///< Where to pull from; names the registry's host.
    std::string name;      ///< The name in the image store.
    Labels labels;
    std::optional<Login> login;
};

/// The bytes of an archive, piece by piece; an empty piece is the end. Called with the most bytes
/// wanted.
using ByteSource = std::function<Result<std::string>(std::size_t)>;

/// One namespace of one containerd. Every call is bounded in time. Errors: `not_found` for what is
/// not there, `conflict` for what is already there or in the wrong state, `timeout`, and `io` when
/// containerd refuses or does not answer.
class Runtime {
public:
    virtual ~Runtime() = default;

    /// Of the containerd at the other end: "1.7.24".
    virtual Result<std::string> version() = 0;

    virtual Result<StoredImage> image(const std::string& name) = 0;
    /// Sets labels of an image beside those it has.
    virtual Result<void> label_image(const std::string& name, const Labels& labels) = 0;
    virtual Result<void> remove_image(const std::string& name) = 0;
    /// A blob of the content store; `too_large` over `limit`.
    virtual Result<std::string> blob(const std::string& digest, std::size_t limit) = 0;
    virtual Result<Labels> blob_labels(const std::string& digest) = 0;
    /// Fetches the image from a registry and unpacks it.
    virtual Result<void> pull(const PullOrder& order) = 0;
    /// Stores the images of an OCI archive (a tar stream), unpacks this machine's, and gives the
    /// archive's index the name.
    virtual Result<void> import(const std::string& name, const Labels& labels,
                                const ByteSource& archive) = 0;

    virtual Result<bool> has_snapshot(const std::string& key) = 0;
    /// A writable layer on top of `parent`. Until a container names it, a lease of a few minutes
    /// keeps the garbage collector off it.
    virtual Result<void> prepare_snapshot(const std::string& key, const std::string& parent) = 0;
    virtual Result<void> remove_snapshot(const std::string& key) = 0;

    virtual Result<Container> container(const std::string& id) = 0;
    virtual Result<void> create_container(const Container& container) = 0;
    virtual Result<void> remove_container(const std::string& id) = 0;

    virtual Result<Task> task(const std::string& id) = 0;
    /// Makes the container's process, stopped before its program. Both streams are paths of FIFOs.
    virtual Result<void> create_task(const std::string& id, const std::string& output,
                                     const std::string& errors) = 0;
    /// Starts the program; gives the process id in this PID namespace.
    virtual Result<std::uint32_t> start_task(const std::string& id) = 0;
    enum class Whom { first_process, all_processes };
    virtual Result<void> kill_task(const std::string& id, int signal, Whom whom) = 0;
    /// Forgets a stopped process; gives its exit status (128 + signal when a signal ended it).
    virtual Result<std::uint32_t> delete_task(const std::string& id) = 0;
};

} // namespace holdfast::containers
