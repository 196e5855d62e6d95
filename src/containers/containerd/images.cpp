#include "containers/containerd/connection.hpp"

#include "github.com/containerd/containerd/api/services/content/v1/content.grpc.pb.h"
#include "github.com/containerd/containerd/api/services/images/v1/images.grpc.pb.h"

#include <format>

namespace holdfast::containers {

namespace images = containerd::services::images::v1;
namespace content = containerd::services::content::v1;

Result<StoredImage> Client::image(const std::string& name)
{
    auto stub = images::Images::NewStub(connection_->channel);
    images::GetImageRequest request;
    request.set_name(name);
    images::GetImageResponse response;
    TRY(judged(stub->Get(connection_->context(quick).get(), request, &response),
               std::format("looking up the image {}", name)));
    const auto& found = response.image();
    return StoredImage{found.name(),
                       {found.target().media_type(), found.target().digest(),
                        static_cast<std::uint64_t>(found.target().size())},
                       {found.labels().begin(), found.labels().end()}};
}

Result<void> Client::label_image(const std::string& name, const Labels& labels)
{
    if (labels.empty()) {
        return {};
    }
    TRY_ASSIGN(const auto stored, image(name));
    auto stub = images::Images::NewStub(connection_->channel);
    images::UpdateImageRequest request;
    request.mutable_image()->set_name(name);
    // The mask keeps it from being written, but containerd 1.7 crashes on an image without one.
    auto& target = *request.mutable_image()->mutable_target();
    target.set_media_type(stored.target.media_type);
    target.set_digest(stored.target.digest);
    target.set_size(static_cast<std::int64_t>(stored.target.size));
    for (const auto& [key, value] : labels) {
        (*request.mutable_image()->mutable_labels())[key] = value;
        request.mutable_update_mask()->add_paths("labels." + key);
    }
    images::UpdateImageResponse response;
    return judged(stub->Update(connection_->context(quick).get(), request, &response),
                  std::format("labelling the image {}", name));
}

Result<void> Client::remove_image(const std::string& name)
{
    auto stub = images::Images::NewStub(connection_->channel);
    images::DeleteImageRequest request;
    request.set_name(name);
    google::protobuf::Empty response;
    return judged(stub->Delete(connection_->context(quick).get(), request, &response),
                  std::format("removing the image {}", name));
}

Result<std::string> Client::blob(const std::string& digest, std::size_t limit)
{
    auto stub = content::Content::NewStub(connection_->channel);
    content::ReadContentRequest request;
    request.set_digest(digest);
    const auto context = connection_->context(slow);
    const auto reader = stub->Read(context.get(), request);
    std::string bytes;
    content::ReadContentResponse piece;
    while (reader->Read(&piece)) {
        if (bytes.size() + piece.data().size() > limit) {
            context->TryCancel();
            (void)reader->Finish();
            return fail(Errc::too_large, "{} is longer than {} bytes", digest, limit);
        }
        bytes += piece.data();
    }
    TRY(judged(reader->Finish(), std::format("reading {}", digest)));
    return bytes;
}

Result<Labels> Client::blob_labels(const std::string& digest)
{
    auto stub = content::Content::NewStub(connection_->channel);
    content::InfoRequest request;
    request.set_digest(digest);
    content::InfoResponse response;
    TRY(judged(stub->Info(connection_->context(quick).get(), request, &response),
               std::format("looking up {}", digest)));
    return Labels(response.info().labels().begin(), response.info().labels().end());
}

} // namespace holdfast::containers
