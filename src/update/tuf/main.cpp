#include "io/posix/run_program.hpp"
#include "update/tuf/program.hpp"

int main(int argc, char** argv)
{
    return holdfast::run_program(argc, argv, holdfast::tuf::run_tuf_client);
}
