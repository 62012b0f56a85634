#!/bin/sh
# SPDX-License-Identifier: MIT
# usage: seeds.sh BUILD FIRST LAST [EVERY]
# Runs the samples under WEFT_SEED=FIRST to LAST, and under every EVERY-th (10) of these the tests that
# hold in whatever order threads run; under every third seed, on ucontext. A sample prints what it
# prints without a seed; the few that print in the order in which their threads run judge themselves,
# and print the same twice. weft-stress --soak runs under each seed too.
set -eu

if [ $# -lt 3 ]; then
    sed -n '3s/^# //p' "$0" >&2
    exit 2
fi
build=$1
first=$2
last=$3
every=${4:-10}
seconds=60 # a run may take

here=$(cd "$(dirname "$0")" && pwd)
expected=$here/../samples/expected

# Tests that assert in which order threads run are not among these.
tests="cancel census codes explore explored invariants pinned remembered seed spawn start unwind
    go_channels go_networks"

# Files that come in, and members' lines, are printed as they are done.
is_in_any_order()
{
    case $1 in
        downloads | group) return 0 ;;
        *) return 1 ;;
    esac
}

samples()
{
    for file in "$expected"/*.txt; do
        basename "$file" .txt
    done
}

# fail SEED PROGRAM WHAT: also shows what the program said.
fail()
{
    echo "FAILED: WEFT_SEED=$1${context:+ WEFT_CONTEXT=$context} $2: $3"
    tail -n 40 "$said"
    exit 1
}

# run_program SEED OUT PROGRAM ARGUMENT...: its standard output to OUT, the rest to $said.
run_program()
{
    seed=$1
    out=$2
    shift 2
    status=0
    WEFT_SEED=$seed WEFT_CONTEXT=$context timeout -k 5 $seconds "$@" >"$out" 2>"$said" || status=$?
    case $status in
        0) ;;
        124 | 137) fail "$seed" "$*" "has not ended after $seconds s" ;;
        *) cat "$out" >>"$said"; fail "$seed" "$*" "exit status $status" ;;
    esac
}

# same SEED PROGRAM EXPECTED OUT
same()
{
    cmp -s "$3" "$4" && return
    diff -u "$3" "$4" >"$said" || :
    fail "$1" "$2" "its output differs"
}

try_sample()
{
    program=$build/samples/$2
    run_program "$1" "$scratch/out" "$program"
    if is_in_any_order "$2"; then
        run_program "$1" "$scratch/again" "$program"
        same "$1" "$program" "$scratch/out" "$scratch/again"
    else
        same "$1" "$program" "$expected/$2.txt" "$scratch/out"
    fi
}

test_program()
{
    case $1 in
        go_*) echo "$build/tests/go/test_$1" ;;
        *) echo "$build/tests/test_$1" ;;
    esac
}

# try_seed SEED: in a directory of its own.
try_seed()
{
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
    said=$scratch/said
    context=registers
    [ $(($1 % 3)) -ne 0 ] || context=ucontext
    for sample in $(samples); do
        try_sample "$1" "$sample"
    done
    run_program "$1" "$scratch/out" "$build/tools/weft-stress" --soak 100000 --seed "$1"
    if [ $(($1 % every)) -eq 0 ]; then
        for test in $tests; do
            run_program "$1" "$scratch/out" "$(test_program "$test")"
        done
    fi
    [ $(($1 % 50)) -ne 0 ] || echo "$1 of $last"
}

# Called by itself, below.
if [ "${WEFT_SEEDS_ONE:-}" ]; then
    try_seed "$5"
    exit
fi

seq "$first" "$last" |
    WEFT_SEEDS_ONE=1 xargs -P "$(nproc)" -n 1 sh "$0" "$build" "$first" "$last" "$every"

seeds=$((last - first + 1))
tested=$((last / every - (first - 1) / every))
samples_count=$(samples | wc -w)
tests_count=$(echo "$tests" | wc -w)
echo "proved: $samples_count samples and weft-stress --soak under $seeds seeds each, and $tests_count test" \
    "programs under $tested: $((seeds * (samples_count + 1) + tested * tests_count)) runs"
