#pragma once

#include "io/files.hpp"
#include "io/http_client.hpp"
#include "update/agent/sources.hpp"
#include "update/source/release.hpp"

#include <memory>

namespace holdfast::update {

/// Fills the inactive set of the disk that the system runs from; the whole time nobody else can do
/// that. The disk's flags are this program's only while it changes them.
/// Errors: those of `prepare`, and of finding and opening the devices; `locked` while another
/// program fills the set.
Result<void> fill_inactive_set(io::Files& files, const Release& release, io::HttpClient& http,
                               const ProgressSink& report);

/// The flags of the disk that the system runs from. Each change opens the disk for itself.
class SystemBootChoice final : public BootChoice {
public:
    explicit SystemBootChoice(io::Files& files) : files_(files) {}
    Result<void> activate() override;
    Result<void> deactivate() override;
    Result<void> rollback() override;

private:
    io::Files& files_;
};

} // namespace holdfast::update
