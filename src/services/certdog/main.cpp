#include "io/posix/run_program.hpp"
#include "services/certdog/certdog.hpp"

int main(int argc, char** argv)
{
    return holdfast::run_program(argc, argv, holdfast::certdog::run);
}
