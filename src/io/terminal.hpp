#pragma once

#include "base/error.hpp"

#include <chrono>
#include <string>
#include <string_view>

namespace holdfast::io {

/// The person's end of this program.
class Terminal {
public:
    virtual ~Terminal() = default;
    /// Whether a person sits at both ends; false for pipes and files.
    virtual bool interactive() = 0;
    /// Hands every key through at once and unechoed, Ctrl-C too, until `restore` or destruction.
    virtual void make_raw() = 0;
    virtual void restore() = 0;
    /// What was typed; empty when nothing came within `limit` or the input has ended.
    virtual std::string read_some(std::chrono::milliseconds limit) = 0;
    virtual void write(std::string_view text) = 0;
};

} // namespace holdfast::io
