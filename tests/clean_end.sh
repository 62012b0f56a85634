#!/bin/sh
# SPDX-License-Identifier: MIT
# usage: clean_end.sh PROGRAM
# Under valgrind PROGRAM ends without a leak. (To valgrind, memory that a parked thread owns is no
# leak while the thread's stack is mapped; AddressSanitizer's leak checker sees the rest.)
command -v valgrind >/dev/null || exit 77
kinds=definite,indirect,possible
said=$(valgrind --quiet --leak-check=full --show-leak-kinds=$kinds \
    --errors-for-leak-kinds=$kinds --error-exitcode=9 "$1" 2>&1)
status=$?
echo "$said"
case $said in
    # As valgrind 3.19 of clang's DWARF 5.
    *'debuginfo reader: ensure_valid failed'*) exit 77 ;;
esac
exit $status
