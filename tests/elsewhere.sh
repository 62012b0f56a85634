#!/bin/sh
# SPDX-License-Identifier: MIT
# usage: elsewhere.sh CC SOURCE_DIR
# The library compiles for a processor that it has never heard of, with 32 bits: i386, whose libc has
# the headers of x86_64's, but for one that does not matter here. Answers 77 where it has not.
set -eu

if [ $# -ne 2 ]; then
    sed -n '3s/^# //p' "$0" >&2
    exit 2
fi
cc=$1
cd "$2"

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/gnu"
: >"$dir/gnu/stubs-32.h"

# compile FILE: for i386, only to see that it can be.
compile()
{
    "$cc" -m32 -std=gnu11 -fsyntax-only -Wall -Wextra -Werror -D_GNU_SOURCE -Iinclude -I. \
        -I"$dir" -idirafter "/usr/include/$("$cc" -print-multiarch)" "$1"
}

cat >"$dir/probe.c" <<END
#include <stdint.h>
#include <stdio.h>
#include <ucontext.h>
_Static_assert(sizeof(void *) == 4 && sizeof(size_t) == 4 && sizeof(int64_t) == 8, "its headers");
END
compile "$dir/probe.c" 2>/dev/null || exit 77

wrong=0
for file in runtime/*.c runtime/*/*.c channels/*.c; do
    compile "$file" || wrong=1
done
exit $wrong
