#!/bin/sh
# SPDX-License-Identifier: MIT
# usage: lines.sh WEFT-LINES CC
# weft-lines names functions, files and lines, those of inlined functions too, and leaves alone what
# it knows nothing of. A line comes out when it comes in, and an interrupt does not end it.
set -eu

if [ $# -ne 2 ]; then
    sed -n '3s/^# //p' "$0" >&2
    exit 2
fi
lines=$1
cc=$2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
wrong=0

# says WHAT PATTERN: a line of the output is that.
says()
{
    grep -qx -e "$2" "$scratch/out" || {
        echo "$1: no line is '$2'"
        wrong=1
    }
}

# Of where it calls it prints the last byte of the call.
cat >"$scratch/prog.c" <<'END'
#include <stdint.h>
#include <stdio.h>
extern char __executable_start[];
static uintptr_t call;
__attribute__((noinline)) static void leaf(void)
{
    call = (uintptr_t)__builtin_return_address(0) - 1;
}
static inline __attribute__((always_inline)) void inlined(void)
{
    leaf();
    __asm__ volatile("nop");
}
__attribute__((noinline)) static void outer(void)
{
    inlined();
    __asm__ volatile("nop");
}
int main(int argc, char **argv)
{
    outer();
    printf("    #%d %s+%#lx\n", argc, argv[0], (unsigned long)(call - (uintptr_t)__executable_start));
    printf("    #0 %s+%#lx\n", argv[0], (unsigned long)((uintptr_t)main - (uintptr_t)__executable_start));
    return 0;
}
END
"$cc" -g -O1 -fPIE -pie "$scratch/prog.c" -o "$scratch/prog"
cp "$scratch/prog" "$scratch/a prog+0x1"
strip -o "$scratch/stripped" "$scratch/prog"
{
    echo "thread 3 is parked"
    "$scratch/prog"
    "$scratch/a prog+0x1"
    "$scratch/stripped"
    echo "    #1 /no/such/file+0x10"
    echo "    #2 ?+0x10"
    printf 'no newline at the end'
} >"$scratch/report"
"$lines" "$scratch/report" >"$scratch/out"

says "other text" "thread 3 is parked"
says "a frame" "    #1 $scratch/prog+0x[0-9a-f]* inlined $scratch/prog.c:11"
says "what it is inlined in" "       in outer $scratch/prog.c:16"
says "the innermost frame" "    #0 $scratch/prog+0x[0-9a-f]* main $scratch/prog.c:20"
says "a name with spaces" "    #0 $scratch/a prog+0x1+0x[0-9a-f]* main $scratch/prog.c:20"
says "a stripped program" "    #1 $scratch/stripped+0x[0-9a-f]*"
says "a missing file" "    #1 /no/such/file+0x10"
says "no module" "    #2 ?+0x10"
says "the end" "no newline at the end"

"$lines" <"$scratch/report" | cmp - "$scratch/out" || wrong=1
"$lines" - <"$scratch/report" | cmp - "$scratch/out" || wrong=1
"$lines" --addr2line=false "$scratch/report" | cmp - "$scratch/report" || wrong=1
"$lines" --help | grep -q usage || wrong=1
if "$lines" "$scratch/none" 2>"$scratch/error"; then
    echo "a report that is not there: it says it has read it"
    wrong=1
fi
grep -q "weft-lines: $scratch/none: " "$scratch/error" || wrong=1

# With the input still open; a line that is held back is a hang, and the test's time limit.
mkfifo "$scratch/in" "$scratch/through"
# A shell's background commands ignore interrupts from birth, which would prove nothing.
python3 -c 'import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])' "$lines" <"$scratch/in" >"$scratch/through" &
reader=$!
exec 3>"$scratch/in" 4<"$scratch/through"
sed -n 3p "$scratch/report" >&3
read -r line <&4
case $line in
    "#0 $scratch/prog+0x"*" main $scratch/prog.c:20") ;;
    *)
        echo "a line while the input is open: '$line'"
        wrong=1
        ;;
esac
kill -INT "$reader"
sed -n 3p "$scratch/report" >&3
read -r line <&4 || line=
case $line in
    *" main $scratch/prog.c:20") ;;
    *)
        echo "after an interrupt: '$line'"
        wrong=1
        ;;
esac
exec 3>&-
wait "$reader" || wrong=1

# Without addr2line the report is passed on all the same, and that is said once.
if "$lines" --addr2line="$scratch/none" "$scratch/report" >"$scratch/out" 2>"$scratch/error"; then
    echo "no addr2line: it says that all went well"
    wrong=1
fi
cmp "$scratch/out" "$scratch/report" || wrong=1
[ "$(grep -c . "$scratch/error")" -eq 1 ] || wrong=1

# Where there is no room for the report, that is said.
if "$lines" "$scratch/report" >/dev/full 2>"$scratch/error"; then
    echo "no room: it says that all went well"
    wrong=1
fi
grep -q 'standard output: No space left' "$scratch/error" || wrong=1
exit $wrong
