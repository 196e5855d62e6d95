option(HOLDFAST_TESTS "Build the tests" ON)
option(HOLDFAST_FUZZ "Build the fuzzers (clang only)" OFF)
set(HOLDFAST_SANITIZE "" CACHE STRING "Comma list for -fsanitize")

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wswitch-enum -Wformat-security
                    -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL Clang)
  # Boost.Beast uses what C++23 deprecates, and clang says so at the place of use, in our code.
  add_compile_options(-Wno-deprecated-declarations)
endif()
# The same source must give the same bytes wherever the checkout lies.
add_compile_options(-ffile-prefix-map=${CMAKE_SOURCE_DIR}=.)

if(HOLDFAST_SANITIZE)
  add_compile_options(-fsanitize=${HOLDFAST_SANITIZE} -fno-sanitize-recover=all
                      -fno-omit-frame-pointer -O0 -g1)
  if(HOLDFAST_SANITIZE MATCHES "undefined")
    # A check at every access through a pointer doubles the code and makes compiling it a quarter
    # longer; what they would find is a fault that AddressSanitizer reports too, or harmless on x86-64.
    add_compile_options(-fno-sanitize=null,alignment,vptr,object-size)
  endif()
  add_link_options(-fsanitize=${HOLDFAST_SANITIZE})
  if(HOLDFAST_SANITIZE STREQUAL "thread")
    # ThreadSanitizer does not understand fences; Asio's event loops here have one thread each.
    add_compile_definitions(BOOST_ASIO_DISABLE_FENCED_BLOCK)
  endif()
  add_compile_definitions(_GLIBCXX_ASSERTIONS)
else()
  set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1 -DNDEBUG")
  add_compile_options(-D_GLIBCXX_ASSERTIONS -D_FORTIFY_SOURCE=3 -fstack-protector-strong
                      -fstack-clash-protection -fcf-protection=full -ffunction-sections
                      -fdata-sections)
  # Packed relocations: a program with gRPC has 36,000, which a start reads from the disk one by one.
  add_link_options(-Wl,-z,relro,-z,now,-z,pack-relative-relocs -Wl,--gc-sections -Wl,--as-needed)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 14 sees ghosts in std::expected and std::variant once sanitizers or -O2 inline them.
  add_compile_options(-Wno-maybe-uninitialized)
endif()
