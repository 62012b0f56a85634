#!/bin/sh
# SPDX-License-Identifier: MIT
# usage: abi.sh FOLDER [TAG]
# Compares what programs linked with the shared library of TAG, by default the last one, would meet
# in this tree's: only additions may be. First that the comparison sees a break: two are planted, and
# a change of what is private, which is none. Builds in FOLDER.
set -eu

if [ $# -lt 1 ] || [ $# -gt 2 ]; then
    sed -n '3s/^# //p' "$0" >&2
    exit 2
fi
mkdir -p "$1"
folder=$(cd "$1" && pwd)
cd "$(dirname "$0")/.."
tag=${2-$(git describe --tags --abbrev=0 2>/dev/null || true)}

# build NAME: the library of the sources in FOLDER/NAME.
build()
{
    cmake -S "$folder/$1" -B "$folder/build-$1" -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_FLAGS=-w \
        -DWEFT_BUILD_TESTS=OFF -DWEFT_BUILD_SAMPLES=OFF -DWEFT_BUILD_TOOLS=OFF >/dev/null
    cmake --build "$folder/build-$1" --target weft -j "$(nproc)" >/dev/null
}

# copy NAME: this tree's sources.
copy()
{
    rm -rf "${folder:?}/$1"
    mkdir "$folder/$1"
    cp -R CMakeLists.txt cmake include runtime channels "$folder/$1"
}

# edit NAME FILE SCRIPT: changes a copy, and makes sure of it.
edit()
{
    sed "$3" "$folder/$1/$2" >"$folder/edited"
    if cmp -s "$folder/edited" "$folder/$1/$2"; then
        echo "$1: nothing in $2 matches $3"
        exit 1
    fi
    cp "$folder/edited" "$folder/$1/$2"
}

# compare OLD NEW
compare()
{
    abidiff --no-added-syms --suppressions tests/abi.opaque \
        "$folder/build-$1/libweft.so" "$folder/build-$2/libweft.so"
}

# planted NAME VERDICT: whether compare says of the copy what it should.
planted()
{
    build "$1"
    said=compatible
    compare new "$1" >"$folder/$1.out" || said=broken
    if [ $said != "$2" ]; then
        cat "$folder/$1.out"
        echo "planted: $1 is $said, and not $2"
        exit 1
    fi
    echo "planted: $1 is seen as $2"
}

copy new
build new

copy member
edit member include/weft/start.h 's/^    size_t stack_bytes; .*/    int planted;\n&/'
planted member broken

copy result
edit result include/weft/deadline.h 's/int64_t weft_remaining(/uint64_t weft_remaining(/'
edit result runtime/deadline.c 's/int64_t weft_remaining(/uint64_t weft_remaining(/'
planted result broken

copy private
edit private channels/chan.h 's/^    const char \*site; .*/    int planted;\n&/'
planted private compatible

if [ -z "$tag" ]; then
    echo "proved: ABI: planted breaks are seen; there is no tag yet to compare with"
    exit 0
fi
rm -rf "${folder:?}/old"
mkdir "$folder/old"
git archive "$tag" | tar -x -C "$folder/old"
build old
compare old new
echo "proved: ABI: programs linked with $tag work with this library"
