#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs test_switch and test_unwind, built without the library and without CMocka, under every setting
# of the compilers that changes what is live across a call, or frames, and prints one line for each.
# So it does with test_pinned and all of the library, for settings that change what a compiler keeps
# and where: a few, for that takes its time. (-O0 and -O3 are those of Debug and Release builds.)
#
# usage: torture.sh [--few] [compiler...]     gcc and clang, as far as they are there, if none is named
#
# --few: all of the library with link-time optimisation alone, and the rest without the settings that
# differ least from others.
#
# RUN in the environment is what runs a program of another processor: "qemu-aarch64 -L DIRECTORY".

here=$(cd "$(dirname "$0")" && pwd)
runtime=$here/../runtime
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
passed=0
failed=0

# settings: one a line
settings='-O0
-O1
-O2
-O3
-Os
-O2 -flto
-O3 -march=native
-O2 -fPIC
-O2 -fPIC -fstack-protector-all
-O0 -fstack-protector-all
-O2 -fcf-protection=full
-O2 -mbranch-protection=standard
-O2 -D_FORTIFY_SOURCE=2
-O2 -D_FORTIFY_SOURCE=3
-O2 -fomit-frame-pointer
-O0 -fno-omit-frame-pointer
-O3 -fno-omit-frame-pointer
-O2 -fstack-clash-protection
-O2 -fno-pie -no-pie
-O2 -static -Wl,--eh-frame-hdr'

# The compiler has the flags, and links with them, for programs that have nothing to do with weft.
knows() {
    echo 'int main(void) { return 0; }' >"$scratch/empty.c"
    # shellcheck disable=SC2086
    $1 $2 -Werror "$scratch/empty.c" -o "$scratch/empty" >/dev/null 2>&1
}

# build_and_run COMPILER SETTINGS NAME SOURCE...
build_and_run() {
    compiler=$1
    setting=$2
    name=$3
    shift 3
    # shellcheck disable=SC2086
    $compiler $setting -D_GNU_SOURCE -DWEFT_PLAIN_TESTS -I"$here/.." "$here/test_$name.c" "$@" \
        "$runtime/context_$processor.S" -lm -o "$scratch/test_$name" &&
        $RUN "$scratch/test_$name" >>"$scratch/log" 2>&1
}

# build_and_run_all COMPILER SETTINGS
build_and_run_all() {
    case $2 in
        *-flto*) ;;
        -O[12s] | *FORTIFY_SOURCE=3 | *-static*) [ $few = no ] || return 0 ;;
        *) return 0 ;;
    esac
    rm -rf "$scratch/all"
    mkdir "$scratch/all"
    # shellcheck disable=SC2086
    (cd "$scratch/all" &&
        $1 $2 -c "$runtime/context_$processor.S" "$runtime/start_$processor.S" &&
        $1 $2 -D_GNU_SOURCE -DWEFT_PLAIN_TESTS -I"$here/.." -I"$here/../include" \
            -include "$runtime/reports/own.h" "$here/test_pinned.c" "$runtime"/*.c \
            "$runtime"/*/*.c "$here"/../channels/*.c ./*.o -pthread -o pinned) &&
        $RUN "$scratch/all/pinned" >>"$scratch/log" 2>&1
}

# Indirect jumps stay tracked in a program that was built for that: each object of ours says so. And
# none says that it switches shadow stacks, which a switch of contexts would have to.
notes_are_right() {
    case $processor-$2 in
        x86_64-*=full) feature=IBT ;;
        aarch64-*=standard) feature=BTI ;;
        *) return 0 ;;
    esac
    for part in context start; do
        # shellcheck disable=SC2086
        $1 $2 -c "$runtime/${part}_$processor.S" -o "$scratch/noted.o" || return 1
        readelf -n "$scratch/noted.o" >"$scratch/notes"
        if ! grep -qw $feature "$scratch/notes" || grep -qw SHSTK "$scratch/notes"; then
            echo "$part: not the right notes" >>"$scratch/log"
            return 1
        fi
    done
}

# One compiler, one line of settings.
torture() {
    knows "$1" "$2" || { echo "skipped  $1 $2"; return; }
    if build_and_run "$1" "$2" switch 2>"$scratch/log" &&
        build_and_run "$1" "$2" unwind "$runtime"/unwind/*.c "$runtime"/context.c \
            "$runtime"/context_ucontext.c "$runtime"/calls.c \
            "$runtime"/settings.c "$runtime"/print.c "$runtime"/oracle.c 2>>"$scratch/log" &&
        build_and_run_all "$1" "$2" 2>>"$scratch/log" && notes_are_right "$1" "$2"; then
        passed=$((passed + 1))
        echo "ok       $1 $2"
    else
        failed=$((failed + 1))
        echo "failed   $1 $2"
        grep -v -e RUN -e OK "$scratch/log" | head -n 20
    fi
}

few=no
if [ "${1:-}" = --few ]; then
    few=yes
    shift
fi
if [ $# -eq 0 ]; then
    for compiler in gcc clang; do
        command -v $compiler >/dev/null && set -- "$@" $compiler
    done
fi
for compiler; do
    machine=$($compiler -dumpmachine) || exit 1
    processor=${machine%%-*}
    [ -f "$here/../runtime/context_$processor.S" ] || {
        echo "skipped  $compiler: no register switch for $processor"
        continue
    }
    while IFS= read -r setting; do
        case $few$setting in
            yes-O1 | yes-O3 | yes-Os | yes*no-pie | yes*SOURCE=2) continue ;;
        esac
        torture "$compiler" "$setting"
    done <<END
$settings
END
done
echo "$passed passed, $failed failed"
[ $few = yes ] || echo "proved: the switch and the unwinder under $passed settings of compilers"
[ "$failed" -eq 0 ]
