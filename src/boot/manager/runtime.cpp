// What the compiler expects of a C library even in a freestanding program. Compiled with
// -fno-builtin and without loop recognition, or these would be turned into calls of themselves.

#include <cstddef>

extern "C" {

void* memcpy(void* target, const void* source, std::size_t size)
{
    auto* to = static_cast<unsigned char*>(target);
    const auto* from = static_cast<const unsigned char*>(source);
    for (std::size_t i = 0; i < size; ++i) {
        to[i] = from[i];
    }
    return target;
}

void* memmove(void* target, const void* source, std::size_t size)
{
    auto* to = static_cast<unsigned char*>(target);
    const auto* from = static_cast<const unsigned char*>(source);
    if (to < from) {
        return memcpy(target, source, size);
    }
    for (std::size_t i = size; i-- > 0;) {
        to[i] = from[i];
    }
    return target;
}

void* memset(void* target, int value, std::size_t size)
{
    auto* to = static_cast<unsigned char*>(target);
    for (std::size_t i = 0; i < size; ++i) {
        to[i] = static_cast<unsigned char>(value);
    }
    return target;
}

int memcmp(const void* left, const void* right, std::size_t size)
{
    const auto* a = static_cast<const unsigned char*>(left);
    const auto* b = static_cast<const unsigned char*>(right);
    for (std::size_t i = 0; i < size; ++i) {
        if (a[i] != b[i]) {
            return a[i] < b[i] ? -1 : 1;
        }
    }
    return 0;
}

std::size_t strlen(const char* text)
{
    std::size_t length = 0;
    while (text[length] != '\0') {
        ++length;
    }
    return length;
}

/// A failed library assertion, or a pure virtual call. The firmware's watchdog restarts the machine.
[[noreturn]] void abort()
{
    for (;;) {
        __builtin_ia32_pause();
    }
}

[[noreturn]] void __cxa_pure_virtual()
{
    abort();
}

} // extern "C"
