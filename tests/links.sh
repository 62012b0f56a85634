#!/bin/sh
# SPDX-License-Identifier: MIT
# usage: links.sh INCLUDE STATIC PROGRAM_SOURCE
# The static library links by every compiler and linker that is there, also where the program is
# optimised as one or what nobody uses is left out; and knows its own frames in each.
set -eu

if [ $# -ne 3 ]; then
    sed -n '3s/^# //p' "$0" >&2
    exit 2
fi
include=$1
static=$2
source=$3

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
wrong=0

# try CC FLAG...: the thread has one frame, the program's.
try()
{
    if ! "$@" -O2 "-I$include" "$source" "$static" -o "$dir/program" 2>"$dir/said"; then
        printf '%s:\n' "$*"
        cat "$dir/said"
        wrong=1
        return
    fi
    "$dir/program" >"$dir/said"
    frames=$(sed -n '/^  thread 2 (work at .*receiving from/,/^weft/p' "$dir/said" | grep -c '#' || true)
    [ "$frames" = 1 ] && return
    printf '%s: %s frames:\n' "$*" "$frames"
    cat "$dir/said"
    wrong=1
}

echo 'int main(void) { return 0; }' >"$dir/empty.c"
for cc in gcc clang; do
    for linker in bfd gold lld; do
        "$cc" "-fuse-ld=$linker" "$dir/empty.c" -o "$dir/empty" 2>"$dir/said" || continue
        try "$cc" "-fuse-ld=$linker"
        try "$cc" "-fuse-ld=$linker" -ffunction-sections -Wl,--gc-sections
        # Nothing of the library's asks for another libc at run time, which the linker would say.
        "$cc" "-fuse-ld=$linker" -static "$dir/empty.c" -o "$dir/empty" 2>"$dir/said" &&
            try "$cc" "-fuse-ld=$linker" -static -Wl,--eh-frame-hdr -Wl,--fatal-warnings
        # gcc's own form is not for lld.
        "$cc" "-fuse-ld=$linker" -flto "$dir/empty.c" -o "$dir/empty" 2>"$dir/said" || continue
        try "$cc" "-fuse-ld=$linker" -flto
    done
done
exit $wrong
