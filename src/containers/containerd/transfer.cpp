// Pull and import by containerd's own transfer service: it speaks to the registry, checks digests,
// unpacks and keeps its garbage collector off, so no byte from the network reaches our code.

#include "containers/containerd/connection.hpp"

#include "github.com/containerd/containerd/api/services/streaming/v1/streaming.grpc.pb.h"
#include "github.com/containerd/containerd/api/services/transfer/v1/transfer.grpc.pb.h"
#include "github.com/containerd/containerd/api/types/transfer/imagestore.pb.h"
#include "github.com/containerd/containerd/api/types/transfer/importexport.pb.h"
#include "github.com/containerd/containerd/api/types/transfer/registry.pb.h"
#include "github.com/containerd/containerd/api/types/transfer/streaming.pb.h"

#include <algorithm>
#include <atomic>
#include <format>
#include <thread>

namespace holdfast::containers {

namespace streaming = containerd::services::streaming::v1;
namespace transfer = containerd::services::transfer::v1;
namespace types = containerd::types::transfer;
using google::protobuf::Any;

namespace {

#if defined(__x86_64__)
constexpr auto architecture = "amd64";
#elif defined(__aarch64__)
constexpr auto architecture = "arm64";
#else
#error "name this architecture as the OCI image specification does"
#endif

/// Stores under `name`, only what this machine can run, and unpacks it.
types::ImageStore destination(const std::string& name, const Labels& labels)
{
    types::ImageStore store;
    store.set_name(name);
    for (const auto& [key, value] : labels) {
        (*store.mutable_labels())[key] = value;
    }
    auto& platform = *store.add_platforms();
    platform.set_os("linux");
    platform.set_architecture(architecture);
    store.set_manifest_limit(1);
    auto& unpack = *store.add_unpacks();
    *unpack.mutable_platform() = platform;
    unpack.set_snapshotter("overlayfs");
    return store;
}

/// A two-way stream that containerd finds by name while a transfer runs. A thread of its own
/// serves it, because the transfer's call blocks until the stream is served.
class Stream {
public:
    using Pipe = grpc::ClientReaderWriter<Any, Any>;

    static Result<std::unique_ptr<Stream>> open(const std::shared_ptr<grpc::Channel>& channel,
                                                std::unique_ptr<grpc::ClientContext> context)
    {
        static std::atomic<unsigned> number = 0;
        auto stream = std::unique_ptr<Stream>(new Stream);
        stream->id_ = std::format("holdfast-{}-{}", ::getpid(), ++number);
        stream->context_ = std::move(context);
        stream->stub_ = streaming::Streaming::NewStub(channel);
        stream->pipe_ = stream->stub_->Stream(stream->context_.get());
        streaming::StreamInit hello;
        hello.set_id(stream->id_);
        Any registered;
        // containerd answers once the stream can be found by its name.
        if (!stream->pipe_->Write(packed(hello)) || !stream->pipe_->Read(&registered)) {
            TRY(judged(stream->pipe_->Finish(), "opening a stream to containerd"));
            return fail(Errc::io, "containerd closed a stream at once");
        }
        return stream;
    }

    /// Ends the conversation and waits for the thread.
    ~Stream()
    {
        context_->TryCancel();
        if (server_.joinable()) {
            server_.join();
        }
        (void)pipe_->Finish();
    }

    template <typename Serve>
    void serve(Serve serve)
    {
        server_ = std::thread([pipe = pipe_.get(), work = std::move(serve)] { work(*pipe); });
    }

    const std::string& id() const { return id_; }

private:
    Stream() = default;

    std::string id_;
    std::unique_ptr<grpc::ClientContext> context_;
    std::unique_ptr<streaming::Streaming::Stub> stub_;
    std::unique_ptr<Pipe> pipe_;
    std::thread server_;
};

/// Answers each question for credentials. The registry names itself in the question, but the
/// login belongs to the reference that we pull, so nothing else is ever told. A mirror that sends
/// us to another host gets nothing.
void answer_logins(Stream::Pipe& pipe, const Login& login, const std::string& host)
{
    Any question;
    while (pipe.Read(&question)) {
        types::AuthRequest request;
        types::AuthResponse response;
        if (request.ParseFromString(question.value()) && request.host() == host) {
            response.set_authtype(login.user.empty() ? types::AuthType::REFRESH
                                                     : types::AuthType::CREDENTIALS);
            response.set_username(login.user);
            response.set_secret(login.secret);
        }
        if (!pipe.Write(packed(response))) {
            return;
        }
    }
}

/// Sends the archive as fast as containerd opens its window.
Result<void> send_archive(Stream::Pipe& pipe, const ByteSource& archive)
{
    constexpr std::size_t most = 32U << 10;
    std::size_t window = 0;
    for (;;) {
        while (window == 0) {
            Any update;
            if (!pipe.Read(&update)) {
                return {}; // Why containerd stopped reading, the transfer itself tells.
            }
            types::WindowUpdate opened;
            if (opened.ParseFromString(update.value()) && opened.update() > 0) {
                window += static_cast<std::size_t>(opened.update());
            }
        }
        TRY_ASSIGN(auto piece, archive(std::min(window, most)));
        if (piece.empty()) {
            pipe.WritesDone();
            return {};
        }
        window -= std::min(window, piece.size());
        types::Data data;
        data.set_data(std::move(piece));
        if (!pipe.Write(packed(data))) {
            return {};
        }
    }
}

} // namespace

Result<void> Client::pull(const PullOrder& order)
{
    types::OCIRegistry source;
    source.set_reference(order.reference);
    std::unique_ptr<Stream> logins;
    if (order.login.has_value()) {
        TRY_ASSIGN(logins,
                   Stream::open(connection_->channel, connection_->context(transfer_limit)));
        const auto host = order.reference.substr(0, order.reference.find('/'));
        logins->serve([login = *order.login, host = host == "docker.io" ? "registry-1.docker.io"
                                                                        : host](
                          Stream::Pipe& pipe) { answer_logins(pipe, login, host); });
        source.mutable_resolver()->set_auth_stream(logins->id());
    }

    transfer::TransferRequest request;
    *request.mutable_source() = packed(source);
    *request.mutable_destination() = packed(destination(order.name, order.labels));
    google::protobuf::Empty response;
    return judged(transfer::Transfer::NewStub(connection_->channel)
                      ->Transfer(connection_->context(transfer_limit).get(), request, &response),
                  std::format("pulling {}", order.reference));
}

Result<void> Client::import(const std::string& name, const Labels& labels,
                            const ByteSource& archive)
{
    TRY_ASSIGN(auto stream,
               Stream::open(connection_->channel, connection_->context(transfer_limit)));
    Result<void> sent;
    const auto transfer_context = connection_->context(transfer_limit);
    stream->serve([&sent, &archive, context = transfer_context.get()](Stream::Pipe& pipe) {
        sent = send_archive(pipe, archive);
        if (!sent.has_value()) {
            // Otherwise containerd would take the short stream for the whole archive.
            context->TryCancel();
        }
    });

    types::ImageImportStream source;
    source.set_stream(stream->id());
    transfer::TransferRequest request;
    *request.mutable_source() = packed(source);
    *request.mutable_destination() = packed(destination(name, labels));
    google::protobuf::Empty response;
    auto done = judged(transfer::Transfer::NewStub(connection_->channel)
                           ->Transfer(transfer_context.get(), request, &response),
                       std::format("importing {}", name));
    stream.reset(); // Joins the thread, so `sent` is final.
    TRY(std::move(sent));
    return done;
}

} // namespace holdfast::containers
