#include "io/posix/run_program.hpp"
#include "tool/tool.hpp"

int main(int argc, char** argv)
{
    return holdfast::run_program(argc, argv, holdfast::tool::run);
}
