#include "api/client/program.hpp"

int main(int argc, char** argv)
{
    return holdfast::run_program(argc, argv, holdfast::api::run_client);
}
