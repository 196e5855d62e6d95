#include "containers/host_ctr/host_ctr.hpp"

int main(int argc, char** argv)
{
    return holdfast::run_program(argc, argv, holdfast::containers::host_ctr);
}
