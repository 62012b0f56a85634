#!/bin/sh
# SPDX-License-Identifier: MIT
# usage: clean_end.sh PROGRAM
# Under valgrind PROGRAM ends without a leak. (To valgrind, memory that a parked thread owns is no
# leak while the thread's stack is mapped; AddressSanitizer's leak checker sees the rest.)
command -v valgrind >/dev/null || exit 77
kinds=definite,indirect,possible
exec valgrind --quiet --leak-check=full --show-leak-kinds=$kinds --errors-for-leak-kinds=$kinds \
    --error-exitcode=9 "$1"
