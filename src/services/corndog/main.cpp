#include "io/posix/run_program.hpp"
#include "services/corndog/corndog.hpp"

int main(int argc, char** argv)
{
    return holdfast::run_program(argc, argv, holdfast::corndog::run);
}
