#!/bin/sh
# SPDX-License-Identifier: MIT
# usage: named.sh TABLE...
# What a table of tests names is there. Only the last column of a table counts, and in it
#     `file.c`          a file beside the table, in tests/, or in the source tree
#     `name`            a test of ctest's, or a step of tools/check
#     words_like_these  the name of a test, or the end of some, in the file named last
#     "words"           a heading, or whatever else stands in that file
set -eu

if [ $# -eq 0 ]; then
    sed -n '3s/^# //p' "$0" >&2
    exit 2
fi
tests=$(cd "$(dirname "$0")" && pwd)
wrong=0

fail()
{
    printf '%s: %s\n' "$table" "$*"
    wrong=1
}

# find_file NAME: sets `file`.
find_file()
{
    for folder in "$(dirname "$table")" "$tests" "$tests/.."; do
        file=$folder/$1
        [ ! -f "$file" ] || return 0
    done
    file=
    fail "no file $1"
}

# find_text HOW TEXT
find_text()
{
    if [ -z "$file" ]; then
        fail "in no file: $plain"
    elif ! grep -q "$1" -e "$2" "$file"; then
        fail "not in ${file##*/}: $plain"
    fi
}

known()
{
    grep -qE "(^|[^a-z_])$1([^a-z_]|\$)" "$tests/CMakeLists.txt" "$tests/go/CMakeLists.txt" \
        "$tests/../tools/CMakeLists.txt" "$tests/../tools/check"
}

for table; do
    file=
    # shellcheck disable=SC2016 # those are backquotes of the table's
    list=$(sed -n 's/^|.*[^\\]| *\(.*[^ ]\) *|$/a_new_row \1/p' "$table" |
        grep -oE '`[^`]*`|"[^"]*"|[a-z0-9_]*_[a-z0-9]+_[a-z0-9_]+') || fail "has no table"
    while IFS= read -r name; do
        plain=${name#[\`\"]}
        plain=${plain%[\`\"]}
        case $name in
            a_new_row) file= ;;
            \`*.*\`) find_file "$plain" ;;
            \`*\`) known "$plain" || fail "no test or step $plain" ;;
            \"*) find_text -F "$plain" ;;
            *) find_text -E "${plain}[(),]" ;;
        esac
    done <<END
$list
END
done
exit $wrong
