#include "apply/program.hpp"

int main(int argc, char** argv)
{
    return holdfast::run_program(argc, argv, holdfast::apply::run_applier);
}
