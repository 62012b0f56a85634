#!/bin/sh
# SPDX-License-Identifier: MIT
# usage: gdb.sh SCRIPT LIBRARY PROGRAM STATIC-PROGRAM WORK
# tools/weft-gdb.py on a live process and on its core, with both context backends, with the library
# as it was built and without debug information, and with the static library in a program that was
# stripped of everything.
set -eu

if [ $# -ne 5 ]; then
    sed -n '3s/^# //p' "$0" >&2
    exit 2
fi
script=$1
library=$2
program=$3
static_program=$4
work=$5
here=$(cd "$(dirname "$0")" && pwd)
wrong=0
said=

fail()
{
    printf '%s\n' "$*"
    wrong=1
}

# asked COMMANDS PROGRAM...: sets `said` to what gdb prints.
asked()
{
    commands=$1
    shift
    said=$(gdb -nx -batch -ex 'set width 0' -ex 'set confirm off' -ex "source $script" \
        -x "$commands" "$@" 2>&1) || true
}

# says PATTERN: some line matches it.
says()
{
    printf '%s\n' "$said" | grep -qE -e "$1" || fail "$what: no line matches: $1"
}

says_not()
{
    if printf '%s\n' "$said" | grep -E -e "$1"; then
        fail "$what: the lines above match: $1"
    fi
}

can_debug()
{
    command -v gdb >/dev/null || return 1
    gdb -nx -batch -ex 'python print("has " + "python")' 2>&1 | grep -q 'has python' || return 1
    gdb -nx -batch -ex run /bin/true 2>&1 | grep -q 'exited normally'
}

if ! can_debug; then
    echo "skipped: no gdb with Python that may trace a process"
    exit 77
fi

at='[^ ]*program\.c:[0-9]+'
made="\(made at $at\)"

check_list()
{
    says 'OS thread 1 \(LWP [0-9]+\): 18 green threads$'
    says '^\* 1 +running +\(main\)$'
    says "^  2 +parked +\(sender at $at\): sending on channel 0x[0-9a-f]+ $made, for [0-9]+ ms$"
    says "^  3 +parked +'bookkeeper' \(receiver at $at\): receiving from channel 0x[0-9a-f]+ $made"
    says "^  4 +parked +\(selector at $at\): selecting over 3 clauses: receive from channel\
 0x[0-9a-f]+ $made, send on channel 0x[0-9a-f]+ $made, timeout"
    says "^  5-9 +5 threads parked +\(reader at $at\): receiving from channel 0x[0-9a-f]+ $made$"
    says "^  10 +parked +\(sleeper at $at\): sleeping for ever"
    says "^  11 +parked +\(joiner at $at\): joining thread 10 \(sleeper at $at\)"
    says "^  12 +suspended +\(counter at $at\): in generator 0x[0-9a-f]+ $made$"
    says "^  13 +unstarted +\(teller at $at\): body of generator 0x[0-9a-f]+ $made$"
    says "^  14 +done +\(quick at $at\): waiting to be joined$"
    says "^  15 +parked +\(locker at $at\): acquiring semaphore 0x[0-9a-f]+, for "
    says "^  16 +parked +\(leader at $at\): waiting for the end of group 0x[0-9a-f]+ $made,\
 in which 1 thread runs, for "
    says "^  17 +parked +\(member at $at\): locking mutex 0x[0-9a-f]+, which thread 15\
 \(locker at $at\) holds, for "
    says "^  18 +unstarted +\(stopper at $at\)$"
    says 'OS thread 2 \(LWP [0-9]+\): 2 green threads$'
    says "^\* 1025 +(running|parked) +\(an OS thread's own\)"
    says "^  1026 +parked +\(reader at $at\): receiving from channel 0x[0-9a-f]+ $made"
}

# Backtraces end with the first function on the stack, without a complaint.
check_backtraces()
{
    says '^#[0-9]+ .* in sender '
    says '^#[0-9]+ .* in receiver '
    says '^#[0-9]+ .* in selector '
    says '^#[0-9]+ .* in sleeper '
    says '^#[0-9]+ .* in joiner '
    says '^#[0-9]+ .* in counter '
    says '^#[0-9]+ .* in elsewhere '
    says_not '[Cc]orrupt|Backtrace stopped|Cannot access memory|Error|Exception|Traceback'
    says_not '^#[0-9]+ +0x0+ in'
}

check_variables()
{
    says '^empty = chan\(int\) 0x[0-9a-f]+ closed, 0 sending, 0 receiving$'
    says '^receiving = chan_rx\(int\) 0x[0-9a-f]+ closed, 0 sending, 0 receiving$'
    says '^sending = chan_tx\(int\) 0x[0-9a-f]+ closed, 0 sending, 0 receiving$'
    says '^none = chan\(int\) NULL$'
    says '^suspended = gen\(int\) 0x[0-9a-f]+ suspended, thread 12$'
    says '^unasked = gen\(const char \*, double\) 0x[0-9a-f]+ unstarted, thread 13$'
    says '^done = task\(int\) thread 14 done$'
    says '^running = task\(void\) thread 18 unstarted$'
    says 'orders = chan\(int\) 0x[0-9a-f]+ open, 1 sending, 0 receiving,'
    says 'news = chan\(long\) 0x[0-9a-f]+ open, 0 sending, 6 receiving,'
    says 'sender = task\(int\) thread 2 parked,'
}

# look WHAT PROGRAM: live, and let go on each time; then at the core that was saved.
look()
{
    rm -f core
    what="$1, live"
    asked live.gdb "$2"
    check_list
    check_backtraces
    check_variables
    says '^  1 +parked +\(main\): joining thread 18'
    says '^\* 18 +running +\(stopper at '
    says '^thread 18 \(stopper at .*\): running$'
    says '^#[0-9]+ .* in stopper '
    says 'continue is refused'
    says '^\* 1 +parked +\(main\): sleeping until [0-9]+ ns'
    says '^all is well$'
    says 'exited normally'
    what="$1, core"
    asked look.gdb "$2" core
    check_list
    check_backtraces
    check_variables
}

rm -rf "$work"
mkdir -p "$work/bare"
cd "$work"
cp "$here"/gdb/*.gdb .
cp "$library" bare/libweft.so.0
strip --strip-unneeded bare/libweft.so.0

for backend in registers ucontext; do
    WEFT_CONTEXT=$backend
    export WEFT_CONTEXT
    look "$backend" "$program"
    LD_LIBRARY_PATH=$work/bare
    export LD_LIBRARY_PATH
    look "$backend, library stripped" "$program"
    unset LD_LIBRARY_PATH
done

cp "$static_program" stripped
strip stripped
what='all stripped'
asked list.gdb ./stripped
check_list
says '^all is well$'

what='no weft'
asked list.gdb /bin/true
says 'weft: no process and no core file'

exit $wrong
