#pragma once

// The one place that includes toml++. Its options change the layout of classes whose names stay the
// same, so two files with different options in one program break each other.

#include <stdexcept>
#include <string>

namespace holdfast {

/// Not in the macro itself, where compilers would warn of a throw in functions that may not.
[[noreturn]] inline void refuse_broken_assertion(const char* condition)
{
    throw std::logic_error(std::string("toml++ broke its own rule: ") + condition);
}

} // namespace holdfast

// Header-only: the image then needs no library.
//
// toml++ 3.4 has flaws that text from outside reaches: "[\n" breaks an assertion, which in a build
// with NDEBUG is a promise to the optimiser, and a letter such as U+0161 outside quotes gets to a
// __builtin_unreachable. The fuzzer found both within a second. So: exceptions on, assertions on in
// every build and thrown as errors, and the function that asks whether a character is white space
// says no where it claims not to get.
#undef NDEBUG
#define TOML_EXCEPTIONS 1
#define TOML_HEADER_ONLY 1
#define TOML_ASSERT(condition) ((condition) ? void() : holdfast::refuse_broken_assertion(#condition))
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wswitch-enum"
#pragma GCC diagnostic ignored "-Wshadow"
#include <toml++/impl/preprocessor.hpp>
#undef TOML_ASSUME
#define TOML_ASSUME(condition) static_cast<void>(0)
#undef TOML_UNREACHABLE
#define TOML_UNREACHABLE                                                                           \
    return {}
#include <toml++/impl/forward_declarations.hpp>
#include <toml++/impl/unicode.hpp>
#undef TOML_UNREACHABLE
#define TOML_UNREACHABLE holdfast::refuse_broken_assertion("unreachable")
#include <toml++/toml.hpp>
#pragma GCC diagnostic pop
