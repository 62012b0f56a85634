#!/bin/sh
# SPDX-License-Identifier: MIT
# usage: valgrind.sh MANY PLANTED
# Valgrind follows ten thousand threads without a complaint, and sees in one what was never written and
# what is never freed.
# Answers 77 where it is not.
set -eu

if [ $# -ne 2 ]; then
    sed -n '3s/^# //p' "$0" >&2
    exit 2
fi
command -v valgrind >/dev/null || exit 77

for context in registers ucontext; do
    WEFT_CONTEXT=$context valgrind --quiet --leak-check=full --error-exitcode=9 "$1"
    for bug in unwritten leak; do
        said=$(WEFT_CONTEXT=$context valgrind --quiet --leak-check=full "$2" $bug 2>&1)
        case $bug:$said in
            unwritten:*"Conditional jump or move depends on uninitialised value"*) ;;
            leak:*"are definitely lost"*) ;;
            *)
                echo "it does not see the bug $bug: $said"
                exit 1 ;;
        esac
    done
done
