#!/bin/sh
# SPDX-License-Identifier: MIT
# usage: prove.sh CMAKE SOURCE WORK GENERATOR CC CXX
# Installs weft, moves what was installed, and there builds and runs the consumer, in C and in C++,
# with the shared and the static library: once found by find_package, once by pkg-config, and large
# frames protected where the compiler knows how. All of it for each layout of the library folder.
set -eu

if [ $# -ne 6 ]; then
    sed -n '3s/^# //p' "$0" >&2
    exit 2
fi
cmake=$1
source=$2
work=$3
generator=$4
cc=$5
cxx=$6
here=$(dirname "$0")

fail()
{
    printf '%s\n' "$*"
    exit 1
}

# runs COMMAND...: it must print what the consumer computes.
runs()
{
    said=$("$@")
    [ "$said" = 10 ] || fail "$*: printed '$said', not 10"
}

protection=-fstack-clash-protection

# protects COMPILER LANGUAGE: it takes the flag without a warning.
protects()
{
    echo 'int main() { return 0; }' |
        "$1" -Werror $protection -x "$2" -c -o "$work/protects.o" - 2>/dev/null
}

# protected COMPILER LANGUAGE SOURCE: both programs of that language were compiled with the flag.
protected()
{
    protects "$1" "$2" || return 0
    count=$(grep -c "\"command\".* $protection .*/$3\"" "$work/cmake/compile_commands.json" || true)
    [ "$count" = 2 ] || fail "$3 was compiled with $protection in $count programs, not in 2"
}

install_and_move()
{
    "$cmake" -S "$source" -B "$work/build" -G "$generator" -DCMAKE_BUILD_TYPE=Release \
        -DCMAKE_C_COMPILER="$cc" -DCMAKE_INSTALL_PREFIX="$work/first" \
        -DCMAKE_INSTALL_LIBDIR="$1" -DWEFT_INSTALL=ON -DWEFT_BUILD_TESTS=OFF \
        -DWEFT_BUILD_SAMPLES=OFF -DWEFT_BUILD_TOOLS=OFF
    "$cmake" --build "$work/build"
    "$cmake" --install "$work/build"
    mv "$work/first" "$work/moved"
}

# The installed headers are all those of the source tree, and no installed text names a folder that
# was there only while weft was built.
look_at_files()
{
    diff -r "$source/include" "$work/moved/include" || fail "not all headers were installed"
    if grep -rIF -e "$source/" -e "$work/first" "$work/moved"; then
        fail "the lines above name a folder that users do not have"
    fi
}

# prove_find_package HINT: where CMake shall look, as an option.
prove_find_package()
{
    "$cmake" -S "$here" -B "$work/cmake" -G "$generator" "$1" \
        -DCMAKE_C_COMPILER="$cc" -DCMAKE_CXX_COMPILER="$cxx" -DCMAKE_EXPORT_COMPILE_COMMANDS=ON
    "$cmake" --build "$work/cmake"
    protected "$cc" c consumer.c
    protected "$cxx" c++ consumer.cpp
    for program in c_weft c_static cpp_weft cpp_static; do
        runs "$work/cmake/$program"
    done
}

# compile PROGRAM COMPILER SOURCE LINK-FLAGS...
compile()
{
    program=$work/$1
    compiler=$2
    file=$3
    protect=
    case $file in *.c) language=c ;; *) language=c++ ;; esac
    protects "$compiler" "$language" && protect=yes
    shift 3
    # shellcheck disable=SC2046 # the flags are words
    "$compiler" -Wall -Wextra -Wpedantic -Werror -o "$program" "$here/$file" \
        $(pkg-config --cflags weft) ${protect:+"$flag"} "$@"
    runs "$program"
}

prove_pkg_config()
{
    PKG_CONFIG_PATH=$1/pkgconfig
    export PKG_CONFIG_PATH
    flag=$(pkg-config --variable=stack_clash_protection weft)
    [ "$flag" = $protection ] || fail "weft.pc names '$flag' for large frames"
    libs=$(pkg-config --libs weft)
    static="-Wl,-Bstatic $(pkg-config --static --libs weft) -Wl,-Bdynamic"
    for way in "$libs -Wl,-rpath,$1" "$static"; do
        # shellcheck disable=SC2086 # the flags are words
        compile c_program "$cc" consumer.c $way
        # shellcheck disable=SC2086
        compile cpp_program "$cxx" consumer.cpp -std=c++17 $way
    done
    header=$(awk '$2 ~ /^WEFT_VERSION_(MAJOR|MINOR|PATCH)$/ { printf "%s%s", dot, $3; dot = "." }' \
        "$work/moved/include/weft/base.h")
    package=$(pkg-config --modversion weft)
    [ "$header" = "$package" ] || fail "weft/base.h is version $header, weft.pc $package"
}

for libdir in lib lib64 lib/x86_64-linux-gnu; do
    echo "== $libdir"
    rm -rf "$work/first" "$work/moved" "$work/cmake"
    install_and_move "$libdir"
    look_at_files
    hint=-Dweft_DIR=$work/moved/$libdir/cmake/weft
    if [ $libdir = lib ]; then # where CMake looks on every system
        hint=-DCMAKE_PREFIX_PATH=$work/moved
    fi
    prove_find_package "$hint"
    prove_pkg_config "$work/moved/$libdir"
done
