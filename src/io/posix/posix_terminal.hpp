#pragma once

#include "io/terminal.hpp"

#include <optional>
#include <termios.h>

namespace holdfast::io {

/// Whether a person reads what goes to standard error.
bool is_standard_error_a_terminal();

/// Standard input and output.
class PosixTerminal final : public Terminal {
public:
    PosixTerminal() = default;
    PosixTerminal(const PosixTerminal&) = delete;
    PosixTerminal& operator=(const PosixTerminal&) = delete;
    ~PosixTerminal() override { restore(); }

    bool interactive() override;
    void make_raw() override;
    void restore() override;
    std::string read_some(std::chrono::milliseconds limit) override;
    void write(std::string_view text) override;

private:
    std::optional<termios> before_;
    bool input_ended_ = false;
};

} // namespace holdfast::io
