#!/bin/sh
# SPDX-License-Identifier: MIT
# usage: library.sh SHARED STATIC EXPORTS CALLS
# What a built library must be: named so that a loader finds it, in need of libc alone, without an
# executable stack, exporting what the file EXPORTS lists and nothing else, and calling nothing but what
# the file CALLS lists.
set -eu

if [ $# -ne 4 ]; then
    sed -n '3s/^# //p' "$0" >&2
    exit 2
fi
shared=$1
static=$2
exports=$3
calls=$4
wrong=0

fail()
{
    printf '%s\n' "$*"
    wrong=1
}

dynamic=$(readelf -dW "$shared")
segments=$(readelf -lW "$shared")

soname=$(printf '%s\n' "$dynamic" | sed -n 's/.*(SONAME).*\[\(.*\)\]/\1/p')
[ "$soname" = libweft.so.0 ] || fail "the soname is $soname, not libweft.so.0"

needed=$(printf '%s\n' "$dynamic" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' |
    grep -vE '^(libc\.|ld-)' || true)
[ -z "$needed" ] || fail "needs more than libc: $needed"

printf '%s\n' "$dynamic" | grep -q 'BIND_NOW\|Flags:.*NOW' || fail "binds symbols lazily"
if printf '%s\n' "$dynamic" | grep -q TEXTREL; then
    fail "has relocations in its code"
fi

stack=$(printf '%s\n' "$segments" | awk '$1 == "GNU_STACK" { print $(NF - 1) }')
[ "$stack" = RW ] || fail "the stack's flags are '$stack', not RW"
if printf '%s\n' "$segments" | awk '$1 == "LOAD"' | grep -q ' RWE '; then
    fail "has a segment that is writable and executable"
fi

# Old versions of musl's startup files export two names of the loader's.
exported=$(nm -D --defined-only "$shared" | awk '{ print $NF }' | grep -vx '_init\|_fini' |
    LC_ALL=C sort)
foreign=$(printf '%s\n' "$exported" | grep -vE '^weft_[a-z0-9]' || true)
[ -z "$foreign" ] || fail "exports what is not public: $foreign"
# A new public call is added to the list by hand; one that is missed breaks the programs that have it.
difference=$(printf '%s\n' "$exported" | diff "$exports" - || true)
[ -z "$difference" ] || fail "what it exports is not what $exports lists: $difference"

# In the static library the internal names, weft__noun_verb, are visible too.
foreign=$(nm -g --defined-only "$static" 2>/dev/null | awk 'NF == 3 { print $3 }' |
    grep -vE '^weft_' || true)
[ -z "$foreign" ] || fail "the static library defines names outside weft_: $foreign"

# OBJECT SYMBOL, of what each has from elsewhere.
used=$(nm -A "$static" 2>/dev/null | sed -n 's/^[^:]*:\([^:]*\):.* [Uw] /\1 /p' |
    grep -v ' weft_' | LC_ALL=C sort -u)
listed=$(sed '/^#/d' "$calls")
tabled=$(printf '%s\n' "$listed" | sed -n 's/^\([^ ]*\)  *table$/\1/p')
unlisted=$(printf '%s\n' "$used" | cut -d ' ' -f 2 | LC_ALL=C sort -u | while read -r symbol; do
    printf '%s\n' "$listed" | grep -q "^$symbol  *[^ ]" || printf '%s ' "$symbol"
done)
[ -z "$unlisted" ] || fail "what it calls is not in $calls, with a word about it: $unlisted"
past=$(printf '%s\n' "$used" | grep -v '^calls\.c\.' | while read -r object symbol; do
    if printf '%s\n' "$tabled" | grep -qx "$symbol"; then
        printf '%s (%s) ' "$symbol" "$object"
    fi
done)
[ -z "$past" ] || fail "called past the table of runtime/calls.h: $past"
for symbol in $tabled; do
    # Not every C library has it.
    [ "$symbol" != on_exit ] || printf '%s\n' "$dynamic" | grep -q 'libc\.so\.6' || continue
    printf '%s\n' "$used" | grep -q " $symbol\$" || fail "$calls: nothing calls $symbol"
done

# One object without this note makes the stack of every program executable that links it.
without=$(readelf -SW "$static" | awk '
    /^File: / { if (file && !note) print file; file = $2; note = 0 }
    /\.note\.GNU-stack/ { note = 1 }
    END { if (file && !note) print file }')
[ -z "$without" ] || fail "has no .note.GNU-stack: $without"

exit $wrong
