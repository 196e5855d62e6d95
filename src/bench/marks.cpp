#include "bench/marks.hpp"

#include <cstdio>

namespace holdfast::bench {

void print_mark(const std::string& what, double figure, std::string_view unit, double mark)
{
    std::printf("%-62s %9.2f %-3.*s  <= %-7.2f %s\n", what.c_str(), figure,
                static_cast<int>(unit.size()), unit.data(), mark,
                figure <= mark ? "kept" : "MISSED");
}

} // namespace holdfast::bench
