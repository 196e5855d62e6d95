#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace holdfast::stage {

/// A proxy on loopback that knows nothing but CONNECT, for one connection at a time; every wait in
/// it has a bound. Ends with this object.
class ConnectProxy {
public:
    enum class Answer { tunnel, refuse };
    explicit ConnectProxy(Answer answer = Answer::tunnel);
    ~ConnectProxy();
    ConnectProxy(const ConnectProxy&) = delete;
    ConnectProxy& operator=(const ConnectProxy&) = delete;

    std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
    /// The first lines of the requests that came.
    std::vector<std::string> requests();

private:
    void serve();
    void serve_client(int client);

    Answer answer_;
    int listener_;
    std::uint16_t port_ = 0;
    std::mutex mutex_; ///< Of the requests: the thread writes, the test reads.
    std::vector<std::string> requests_;
    std::thread thread_;
};

} // namespace holdfast::stage
