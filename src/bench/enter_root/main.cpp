#include "bench/enter_root/enter_root.hpp"

#include "io/posix/run_program.hpp"

int main(int argc, char** argv)
{
    return holdfast::run_program(argc, argv, holdfast::bench::run_enter_root);
}
