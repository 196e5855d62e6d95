#pragma once

#include <expected>
#include <type_traits>
#include <utility>

namespace holdfast {

/// What a failing function hands to `Fallible`. Made by `fail(...)` or by the TRY macros.
template <typename E>
struct Failure {
    E error;
};

template <typename E>
Failure(E) -> Failure<E>;

/// A value of type `T`, or the reason why there is none. Dropping one is a compile-time warning,
/// which g++ 14 does not give for a plain `std::expected`.
///
/// Freestanding: `boot/core` and the boot manager use it with an enum as `E`, without exceptions.
template <typename T, typename E>
class [[nodiscard]] Fallible {
public:
    using Value = T;
    using Problem = E;

    Fallible()
        requires std::is_void_v<T>
    = default;

    template <typename U = T>
        requires(!std::is_void_v<T> && std::is_constructible_v<T, U &&> &&
                 !std::is_same_v<std::remove_cvref_t<U>, Fallible>)
    Fallible(U&& value) // NOLINT(google-explicit-constructor): `return value;` is the idiom.
        : state_(std::in_place, std::forward<U>(value))
    {
    }

    template <typename F>
        requires std::is_constructible_v<E, F&&>
    Fallible(Failure<F> failure) // NOLINT(google-explicit-constructor): `return fail(...);`
        : state_(std::unexpect, std::move(failure.error))
    {
    }

    bool has_value() const { return state_.has_value(); }
    explicit operator bool() const { return has_value(); }

    /// Precondition: `has_value()`.
    decltype(auto) operator*() & { return *state_; }
    decltype(auto) operator*() const& { return *state_; }
    decltype(auto) operator*() && { return *std::move(state_); }
    auto* operator->()
        requires(!std::is_void_v<T>)
    {
        return &*state_;
    }
    const auto* operator->() const
        requires(!std::is_void_v<T>)
    {
        return &*state_;
    }

    /// Precondition: `!has_value()`.
    E& error() & { return state_.error(); }
    const E& error() const& { return state_.error(); }
    E&& error() && { return std::move(state_.error()); }

    /// The value, or `fallback` where there is none.
    template <typename U>
        requires(!std::is_void_v<T>)
    T value_or(U&& fallback) &&
    {
        return std::move(state_).value_or(std::forward<U>(fallback));
    }

    /// Adds what was being attempted to the error: "… while applying settings.ntp".
    template <typename Text>
    Fallible while_(Text&& doing) &&
        requires requires(E& e) { e.add_context(std::forward<Text>(doing)); }
    {
        if (!has_value()) {
            state_.error().add_context(std::forward<Text>(doing));
        }
        return std::move(*this);
    }

private:
    std::expected<T, E> state_;
};

} // namespace holdfast

#define HOLDFAST_JOIN_(a, b) a##b
#define HOLDFAST_JOIN(a, b) HOLDFAST_JOIN_(a, b)

#define HOLDFAST_TRY_(return_, temporary, expression)                                              \
    do {                                                                                           \
        if (auto temporary = (expression); !temporary.has_value()) {                               \
            return_ ::holdfast::Failure{std::move(temporary).error()};                             \
        }                                                                                          \
    } while (false)

#define HOLDFAST_TRY_ASSIGN_(return_, temporary, declaration, ...)                                 \
    auto temporary = (__VA_ARGS__);                                                                \
    if (!temporary.has_value()) {                                                                  \
        return_ ::holdfast::Failure{std::move(temporary).error()};                                 \
    }                                                                                              \
    declaration = *std::move(temporary)

/// `TRY(call());` goes on if the call succeeded, else returns its error from this function.
#define TRY(...) HOLDFAST_TRY_(return, HOLDFAST_JOIN(try_, __COUNTER__), (__VA_ARGS__))
/// `TRY_ASSIGN(auto x, call());` declares x with the value of the call, or returns its error.
#define TRY_ASSIGN(declaration, ...)                                                               \
    HOLDFAST_TRY_ASSIGN_(return, HOLDFAST_JOIN(try_, __COUNTER__), declaration, __VA_ARGS__)
/// The same two for coroutines.
#define CO_TRY(...) HOLDFAST_TRY_(co_return, HOLDFAST_JOIN(try_, __COUNTER__), (__VA_ARGS__))
#define CO_TRY_ASSIGN(declaration, ...)                                                            \
    HOLDFAST_TRY_ASSIGN_(co_return, HOLDFAST_JOIN(try_, __COUNTER__), declaration, __VA_ARGS__)
