#!/bin/sh
# SPDX-License-Identifier: MIT
# usage: stripped.sh LIBRARY PROGRAM STATIC-PROGRAM
# A program without symbols and debug information, and the library likewise, answers WEFT_DUMP_SIGNAL
# with all that a debug build would say: names, functions, lines of starts and channels, and frames
# as modules and offsets, which need no more than the tables that strip leaves.
set -eu

if [ $# -ne 3 ]; then
    sed -n '3s/^# //p' "$0" >&2
    exit 2
fi
scratch=$(mktemp -d)
pid=
trap '[ -z "$pid" ] || kill -KILL "$pid"; rm -rf "$scratch"' EXIT
wrong=0
at='[^ ]*stripped\.c:[0-9]+'

# says PATTERN: a line of the dump is that.
says()
{
    grep -qxE -e "$1" "$scratch/err" || {
        echo "$what: no line is '$1'"
        wrong=1
    }
}

# shellcheck disable=SC2317 # until_it calls it
is_ready()
{
    grep -qx ready "$scratch/out"
}

# The last line of the dump is there.
# shellcheck disable=SC2317
has_answered()
{
    sed -n '/^weft: 3 threads: /,$p' "$scratch/err" | grep -q '^weft: .weft-lines'
}

# until_it CONDITION: waits for that, while the program lives.
until_it()
{
    until "$1"; do
        kill -0 "$pid" 2>"$scratch/killed" || {
            echo "$what: it has ended"
            cat "$scratch/err"
            pid=
            exit 1
        }
        sleep 0.05
    done
}

# A thread has one frame of the program's, and none of the library's.
has_one_frame()
{
    frames=$(sed -n "/^  thread $1 /,/^\(  thread\|weft\)/p" "$scratch/err" | grep '^    #' || true)
    printf '%s\n' "$frames" | grep -qxE -e '    #0 .*/program\+0x[0-9a-f]+' &&
        [ "$(printf '%s\n' "$frames" | wc -l)" -eq 1 ] && return
    printf '%s: the frames of thread %s are:\n%s\n' "$what" "$1" "$frames"
    wrong=1
}

# ask WHAT PROGRAM
ask()
{
    what=$1
    strip -o "$scratch/program" "$2"
    : >"$scratch/out"
    : >"$scratch/err"
    WEFT_DUMP_SIGNAL=USR1 "$scratch/program" >"$scratch/out" 2>"$scratch/err" &
    pid=$!
    until_it is_ready
    kill -USR1 "$pid"
    until_it has_answered
    kill -KILL "$pid"
    wait "$pid" 2>"$scratch/killed" || true
    pid=
    says "  thread 1 \(main\): .*"
    says "  thread 2 'server' \(serve at $at\): receiving from channel 0x[0-9a-f]+ \(made at $at\), for .*"
    says "  thread 3 \(work at $at\): receiving from channel 0x[0-9a-f]+ \(made at $at\), for .*"
    has_one_frame 2
    has_one_frame 3
}

strip --strip-unneeded -o "$scratch/libweft.so.0" "$1"
LD_LIBRARY_PATH=$scratch
export LD_LIBRARY_PATH
for backend in registers ucontext; do
    WEFT_CONTEXT=$backend
    export WEFT_CONTEXT
    ask "$backend, stripped library" "$2"
    ask "$backend, static" "$3"
done
exit $wrong
