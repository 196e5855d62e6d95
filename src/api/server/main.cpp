#include "api/server/program.hpp"

int main(int argc, char** argv)
{
    return holdfast::run_program(argc, argv, holdfast::api::run_server);
}
