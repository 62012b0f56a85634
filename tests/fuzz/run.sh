#!/bin/sh
# SPDX-License-Identifier: MIT
# usage: run.sh FOLDER [SECONDS]
# Runs the fuzzers that were built in FOLDER: first whether they find a planted bug, then what
# tests/fuzz/corpus keeps, and so many seconds of new inputs shared by all; or 10,000 of each. New
# inputs of interest stay in FOLDER/new, and what fails in FOLDER/failed-....
set -eu

if [ $# -lt 1 ] || [ $# -gt 2 ]; then
    sed -n '3s/^# //p' "$0" >&2
    exit 2
fi
folder=$1
corpus=$(dirname "$0")/corpus

# fuzz NAME LENGTH SECONDS
fuzz()
{
    if [ "$3" -eq 0 ]; then
        limit=-runs=10000
    else
        limit=-max_total_time=$3
    fi
    mkdir -p "$folder/new/$1"
    echo "$1:"
    "$folder/fuzz_$1" "$limit" -max_len="$2" -len_control=0 -timeout=20 -rss_limit_mb=4096 \
        -artifact_prefix="$folder/failed-$1-" -print_final_stats=1 -verbosity=1 \
        "$folder/new/$1" "$corpus/$1" >"$folder/$1.log" 2>&1 ||
        { tail -n 60 "$folder/$1.log"; exit 1; }
    sed -n '/^Done/p; /new_units_added/p' "$folder/$1.log"
    sed -n "s/^stat::number_of_executed_units: */proved: nothing found in $1 by inputs of the fuzzer: /p" \
        "$folder/$1.log"
}

if WEFT_FUZZ_FORGETS=1 "$folder/fuzz_programs" -runs=20000 -max_len=400 \
    -artifact_prefix="$folder/planted-" >"$folder/planted.log" 2>&1; then
    echo "a close that is forgotten was not found"
    exit 1
fi
grep -q 'ended otherwise\|was due' "$folder/planted.log"

seconds=${2-0}
fuzz programs 400 $((seconds * 8 / 10))
fuzz unwind 400 $((seconds / 10))
fuzz settings 40 $((seconds / 10))
