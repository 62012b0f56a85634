// SPDX-License-Identifier: MIT
// Many fibers that sleep a second, in a fresh process.
#include "sleepers.hpp"

int main(int argc, char **argv)
{
    return once(argc, argv, sleep_second<heap>);
}
