#pragma once

namespace holdfast {

/// A deleter for handles of C libraries:
/// `using Key = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;`
template <auto release>
struct FreeWith {
    template <typename T>
    void operator()(T* object) const
    {
        release(object);
    }
};

} // namespace holdfast
