// For programs with AddressSanitizer that are to use a key on a token.

#include <dlfcn.h>

/// The PKCS #11 provider opens its module with RTLD_DEEPBIND, which AddressSanitizer forbids.
extern "C" void* dlopen(const char* file, int mode)
{
    using Open = void* (*)(const char*, int);
    static const auto open = reinterpret_cast<Open>(::dlsym(RTLD_NEXT, "dlopen"));
    return open(file, mode & ~RTLD_DEEPBIND);
}

/// What OpenSSL's provider and the token's module hold when the program ends is theirs. By the
/// library, whose name is known without a symbolizer.
extern "C" const char* __lsan_default_suppressions()
{
    return "leak:libcrypto.so\n";
}
