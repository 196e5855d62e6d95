#include "machine/remote_api.hpp"

#include <curl/curl.h>
#include <format>
#include <memory>

namespace holdfast::machine {

namespace {

constexpr std::size_t body_limit = 16U << 20;

struct EasyDeleter {
    void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
using Easy = std::unique_ptr<CURL, EasyDeleter>;

struct ListDeleter {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

std::size_t collect(char* data, std::size_t size, std::size_t count, void* target)
{
    auto& body = *static_cast<std::string*>(target);
    if (body.size() + size * count > body_limit) {
        return 0;
    }
    body.append(data, size * count);
    return size * count;
}

void set_identity(CURL* handle, const RemoteApi::Access& access)
{
    curl_easy_setopt(handle, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_3));
    curl_easy_setopt(handle, CURLOPT_CAINFO, access.authority.c_str());
    curl_easy_setopt(handle, CURLOPT_CAPATH, nullptr);
    if (access.certificate && access.key) {
        curl_easy_setopt(handle, CURLOPT_SSLCERT, access.certificate->c_str());
        curl_easy_setopt(handle, CURLOPT_SSLKEY, access.key->c_str());
    }
}

} // namespace

std::vector<std::string> RemoteApi::Access::apiclient_options() const
{
    std::vector<std::string> options{"--remote", std::format("127.0.0.1:{}", port), "--ca",
                                     authority.native()};
    if (certificate && key) {
        options.insert(options.end(), {"--cert", certificate->native(), "--key", key->native()});
    }
    return options;
}

Result<ApiAnswer> RemoteApi::request(const std::string& method, const std::string& path,
                                     const std::string& body, std::chrono::milliseconds limit) const
{
    const Easy handle(curl_easy_init());
    if (!handle) {
        return fail(Errc::internal, "libcurl does not start");
    }
    const auto url = std::format("https://127.0.0.1:{}{}", access_.port, path);
    ApiAnswer answer;
    const std::unique_ptr<curl_slist, ListDeleter> headers(
        curl_slist_append(nullptr, "Content-Type: application/json"));
    curl_easy_setopt(handle.get(), CURLOPT_URL, url.c_str());
    curl_easy_setopt(handle.get(), CURLOPT_PROTOCOLS_STR, "https");
    curl_easy_setopt(handle.get(), CURLOPT_PROXY, "");
    curl_easy_setopt(handle.get(), CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle.get(), CURLOPT_TIMEOUT_MS, static_cast<long>(limit.count()));
    curl_easy_setopt(handle.get(), CURLOPT_CUSTOMREQUEST, method.c_str());
    curl_easy_setopt(handle.get(), CURLOPT_HTTPHEADER, headers.get());
    curl_easy_setopt(handle.get(), CURLOPT_WRITEFUNCTION, collect);
    curl_easy_setopt(handle.get(), CURLOPT_WRITEDATA, &answer.body);
    if (!body.empty() || method == "POST" || method == "PATCH" || method == "PUT") {
        curl_easy_setopt(handle.get(), CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
        curl_easy_setopt(handle.get(), CURLOPT_POSTFIELDS, body.c_str());
    }
    set_identity(handle.get(), access_);
    const auto problem = curl_easy_perform(handle.get());
    if (problem != CURLE_OK) {
        return fail(problem == CURLE_OPERATION_TIMEDOUT ? Errc::timeout : Errc::io, "{} {}: {}",
                    method, path, curl_easy_strerror(problem));
    }
    long status = 0;
    curl_easy_getinfo(handle.get(), CURLINFO_RESPONSE_CODE, &status);
    answer.status = static_cast<int>(status);
    return answer;
}

} // namespace holdfast::machine
