#include "containers/containerd/connection.hpp"

#include <google/protobuf/empty.pb.h>
#include <grpc/support/time.h>

#include "github.com/containerd/containerd/api/services/version/v1/version.grpc.pb.h"
#include "github.com/containerd/containerd/runtime/v2/runc/options/oci.pb.h"

namespace holdfast::containers {

namespace {

Errc code_of(grpc::StatusCode code)
{
    // Not a total switch: gRPC reserves the right to add codes, and each is "io" until it matters.
    if (code == grpc::StatusCode::NOT_FOUND) {
        return Errc::not_found;
    }
    if (code == grpc::StatusCode::ALREADY_EXISTS || code == grpc::StatusCode::FAILED_PRECONDITION) {
        return Errc::conflict;
    }
    if (code == grpc::StatusCode::DEADLINE_EXCEEDED) {
        return Errc::timeout;
    }
    if (code == grpc::StatusCode::INVALID_ARGUMENT) {
        return Errc::invalid;
    }
    if (code == grpc::StatusCode::UNIMPLEMENTED) {
        return Errc::unsupported;
    }
    return Errc::io;
}

} // namespace

google::protobuf::Any runtime_options(const ClientOptions& options)
{
    containerd::runc::v1::Options runtime;
    runtime.set_binary_name(options.runtime.native());
    runtime.set_root(options.runtime_root.native());
    return packed(runtime);
}

Result<void> judged(const grpc::Status& status, std::string_view doing)
{
    if (status.ok()) {
        return {};
    }
    return fail(code_of(status.error_code()), "{}: {}", doing, status.error_message());
}

std::unique_ptr<grpc::ClientContext>
Client::Connection::context(std::chrono::seconds time_limit) const
{
    auto context = std::make_unique<grpc::ClientContext>();
    context->set_deadline(gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                                       gpr_time_from_seconds(time_limit.count(), GPR_TIMESPAN)));
    context->AddMetadata("containerd-namespace", options.space);
    if (!lease.empty()) {
        context->AddMetadata("containerd-lease", lease);
    }
    return context;
}

Client::Client(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}

Client::~Client() = default;

Result<std::unique_ptr<Client>> Client::open(ClientOptions options, io::Clock& clock)
{
    if (!options.socket.is_absolute()) {
        return fail(Errc::invalid, "containerd's socket {}: expected an absolute path",
                    options.socket.native());
    }
    grpc::ChannelArguments arguments;
    // The default authority is the socket's escaped path, which Go's server refuses.
    arguments.SetString(GRPC_ARG_DEFAULT_AUTHORITY, "localhost");
    arguments.SetMaxReceiveMessageSize(16 << 20);
    arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
    auto channel = grpc::CreateCustomChannel("unix://" + options.socket.native(),
                                             grpc::InsecureChannelCredentials(), arguments);
    auto connection = std::make_unique<Connection>(std::move(options), clock, std::move(channel));
    return std::unique_ptr<Client>(new Client(std::move(connection)));
}

Result<std::string> Client::version()
{
    auto stub = containerd::services::version::v1::Version::NewStub(connection_->channel);
    containerd::services::version::v1::VersionResponse response;
    TRY(judged(stub->Version(connection_->context(quick).get(), {}, &response),
               "asking containerd for its version"));
    return response.version();
}

} // namespace holdfast::containers
