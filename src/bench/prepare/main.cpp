#include "bench/prepare/prepare_bench.hpp"

#include "io/posix/run_program.hpp"

int main(int argc, char** argv)
{
    return holdfast::run_program(argc, argv, holdfast::bench::run_prepare_bench);
}
