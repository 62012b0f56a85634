// SPDX-License-Identifier: MIT
// Many fibers that sleep a second, where as many have slept a moment before.
#include "sleepers.hpp"

int main(int argc, char **argv)
{
    return once(argc, argv, [](uint64_t n) {
        sleep_all<pool>(n, std::chrono::milliseconds(200));
        sleep_second<pool>(n);
    });
}
