#pragma once

// Inside of this room only: what the parts of the client share.

#include "containers/containerd/client.hpp"

#include <chrono>
#include <google/protobuf/any.pb.h>
#include <grpcpp/grpcpp.h>
#include <memory>
#include <string>

namespace holdfast::containers {

struct Client::Connection {
    ClientOptions options;
    io::Clock& clock;
    std::shared_ptr<grpc::Channel> channel;
    std::string lease; ///< While a container is being made; empty otherwise.

    /// A context with a deadline and our namespace (and lease) in the metadata. It goes down as an
    /// argument of one call.
    std::unique_ptr<grpc::ClientContext> context(std::chrono::seconds time_limit) const;
};

/// For calls that containerd answers from its database.
inline constexpr std::chrono::seconds quick{10};
/// For calls that start processes or unpack files.
inline constexpr std::chrono::seconds slow{60};
/// For a pull or an import: bounded by the slowest network that is still of use.
inline constexpr std::chrono::minutes transfer_limit{15};

/// For the record of a container and for its process: what is to run it, as containerd's shim for runc
/// and the like wants to know it.
google::protobuf::Any runtime_options(const ClientOptions& options);

/// Our error for a refused call: `doing` says what was attempted.
Result<void> judged(const grpc::Status& status, std::string_view doing);

/// Packs a message as containerd expects it: the type's full name, without the usual prefix.
template <typename Message>
google::protobuf::Any packed(const Message& message)
{
    google::protobuf::Any any;
    any.set_type_url(message.GetTypeName());
    any.set_value(message.SerializeAsString());
    return any;
}

} // namespace holdfast::containers
