#include "io/posix/run_program.hpp"
#include "update/tuf/program.hpp"

#include <cstdio>
#include <cstdlib>

int main(int argc, char** argv)
{
    const int status = holdfast::run_program(argc, argv, holdfast::tuf::run_tuf_client);
    // All that is ours has ended. The destructors of the forty libraries behind libcurl take as long
    // as checking the metadata of a small repository.
    std::fflush(nullptr);
    std::quick_exit(status);
}
