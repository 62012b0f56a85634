#!/bin/sh
# SPDX-License-Identifier: MIT
# check.sh CC CXX INCLUDE
# Proves what the compiler must know of weft: right.c and right.cpp compile without a warning in
# every mode, and no program of wrong_*.c and wrong_*.cpp compiles.
#
# A file of wrong programs is right as it stands. Defining CASE as n makes one line of it wrong.
# Each case says what the message must match, for gcc, for clang or for any, as an extended regular
# expression. The error must be at a line of the file, not inside a header; but static assertions
# of C++ templates are reported where they are.
set -u
export LC_ALL=C

if [ $# -ne 3 ]; then
    echo "usage: check.sh CC CXX INCLUDE" >&2
    exit 2
fi
cc=$1
cxx=$2
include=$3
here=$(dirname "$0")
warnings="-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wvla -Werror"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0
failed=0

pass()
{
    echo "ok    $1"
    passed=$((passed + 1))
}

# fail WHAT [FILE-TO-SHOW]
fail()
{
    echo "FAIL  $1"
    if [ $# -eq 2 ]; then
        head -n 30 "$2" | sed 's/^/      /'
    fi
    failed=$((failed + 1))
}

# compile COMPILER FLAG...: its messages are in $work/messages.
compile()
{
    # shellcheck disable=SC2086 # the warnings are words
    "$@" $warnings -I "$include" -c -o "$work/object" >"$work/messages" 2>&1
}

must_compile()
{
    what=$1
    shift
    if compile "$@"; then
        pass "$what"
    else
        fail "$what" "$work/messages"
    fi
}

# family COMPILER: whose messages it writes.
family()
{
    case $("$1" --version) in
        *clang*) echo clang ;;
        *) echo gcc ;;
    esac
}

# expected FILE CASE FAMILY: the regular expression of that case.
expected()
{
    sed -n -E "/^#if CASE == $2 /,/^#(else|endif)/{
        s,^ *(/\*|//) ($3|any): (.*),\3,
        t found
        d
        :found
        s, *\*/\$,,
        p
        q
    }" "$1"
}

title()
{
    sed -n -E "s,^#if CASE == $2 (/\*|//) (.*),\2,p" "$1" | sed 's, *\*/$,,'
}

# must_fail FILE CASE FAMILY COMPILER FLAG...
must_fail()
{
    file=$1
    number=$2
    pattern=$(expected "$1" "$2" "$3")
    what="$(basename "$1") $2 refused: $(title "$1" "$2")"
    place=$(basename "$1")
    case $place in
        *.cpp) place="($place|weft.hpp)" ;;
    esac
    shift 3
    if [ -z "$pattern" ]; then
        fail "$what (no expected message)"
    elif compile "$@" -DCASE="$number" "$file"; then
        fail "$what (it compiles)"
    elif grep -q -E "$place:[0-9]+:[0-9]+: error: (.*[^a-z])?($pattern)" "$work/messages"; then
        pass "$what"
    else
        fail "$what (another message than $pattern)" "$work/messages"
    fi
}

# check_wrong FILE COMPILER FLAG...
check_wrong()
{
    wrong=$1
    shift
    must_compile "$(basename "$wrong") as it stands" "$@" -DCASE=0 "$wrong"
    number=1
    while grep -q "^#if CASE == $number " "$wrong"; do
        must_fail "$wrong" "$number" "$(family "$1")" "$@"
        number=$((number + 1))
    done
    if [ "$(grep -c '^#if CASE == ' "$wrong")" -ne $((number - 1)) ]; then
        fail "$(basename "$wrong"): the cases are not numbered from 1 on"
    fi
}

for std in c11 gnu11 c17 gnu17 c2x gnu2x; do
    for start in -UWEFT_PORTABLE_START -DWEFT_PORTABLE_START; do
        must_compile "right.c -std=$std $start" \
            "$cc" -std=$std -pedantic-errors -O2 $start "$here/right.c"
    done
done
for std in c++17 gnu++17 c++20; do
    must_compile "right.cpp -std=$std" "$cxx" -std=$std -pedantic-errors -O2 "$here/right.cpp"
done
if compile "$cxx" -std=c++14 "$here/right.cpp"; then
    fail "C++14 refused (it compiles)"
elif grep -m1 "error" "$work/messages" | grep -q "weft needs C++17 or later"; then
    pass "C++14 refused"
else
    fail "C++14 refused (another message comes first)" "$work/messages"
fi
for file in "$here"/wrong_*.c; do
    check_wrong "$file" "$cc" -std=gnu11
done
for file in "$here"/wrong_*.cpp; do
    check_wrong "$file" "$cxx" -std=c++17
done

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
