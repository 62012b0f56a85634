#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes a C program that starts functions of random signatures and checks what they are given.

usage: signatures.py [count [seed]] > test_signatures.c

One file of every shape that an ABI passes in a way of its own: each scalar, structs in one
register, in two, in one of each kind, in several vector registers, in memory, packed and aligned
ones. Values are random, and zero more often than chance would have it."""

import random
import sys


class Type:
    """A C type: its name, what declares it, and the fields that make two values the same."""

    def __init__(self, name, fields=None, declare="", scalar=None):
        self.name = name
        self.fields = fields          # of a struct: [(name, Type)]
        self.declare = declare
        self.scalar = scalar          # of a scalar: a function that makes a literal

    def literal(self):
        if self.scalar:
            return "0" if random.random() < 0.25 else self.scalar()
        return "{" + ", ".join(t.literal() for _, t in self.fields) + "}"

    def same(self, a, b):
        if self.scalar:
            return f"{a} == {b}"
        return " && ".join(t.same(f"{a}{f}", f"{b}{f}") for f, t in self.fields)


def integer(low, high, suffix=""):
    return lambda: f"{random.randint(low, high)}{suffix}"


def quarter():
    return f"{random.randint(-1 << 20, 1 << 20) / 4}"


CHAR = Type("signed char", scalar=integer(-127, 127))
UCHAR = Type("unsigned char", scalar=integer(0, 255))
BOOL = Type("bool", scalar=integer(0, 1))
SHORT = Type("short", scalar=integer(-32767, 32767))
INT = Type("int", scalar=integer(-(1 << 31) + 1, (1 << 31) - 1))
UNSIGNED = Type("unsigned", scalar=integer(0, (1 << 32) - 1, "u"))
LONG = Type("long", scalar=integer(-(1 << 63) + 1, (1 << 63) - 1, "L"))
ULONG = Type("unsigned long", scalar=integer(0, (1 << 64) - 1, "UL"))
POINTER = Type("void *", scalar=lambda: f"&anchors[{random.randint(0, 99)}]")
FLOAT = Type("float", scalar=lambda: quarter() + "f")
DOUBLE = Type("double", scalar=quarter)
LONG_DOUBLE = Type("long double", scalar=lambda: quarter() + "L")
INT128 = Type("uint128", declare="__extension__ typedef unsigned __int128 uint128;",
              scalar=lambda: f"((uint128){random.randint(0, (1 << 64) - 1)}u << 64 | "
                             f"{random.randint(0, (1 << 64) - 1)}u)")
COLOUR = Type("enum colour", declare="enum colour { RED, GREEN, BLUE };",
              scalar=lambda: random.choice(["RED", "GREEN", "BLUE"]))


def struct(name, fields, attribute=""):
    members = " ".join(f"{t.name} {f};" for f, t in fields)
    return Type(f"struct {name}", [("." + f, t) for f, t in fields],
                f"struct {attribute}{name} {{ {members} }};")


def vector(name, element, n):
    return Type(name, [(f"[{i}]", element) for i in range(n)],
                f"typedef {element.name} {name} __attribute__((vector_size({n} * "
                f"sizeof({element.name}))));")


SCALARS = [CHAR, UCHAR, BOOL, SHORT, INT, UNSIGNED, LONG, ULONG, POINTER, FLOAT, DOUBLE, COLOUR]
OTHERS = [
    LONG_DOUBLE, INT128,
    struct("one", [("a", CHAR)]),
    struct("three", [("a", CHAR), ("b", CHAR), ("c", CHAR)]),
    struct("padded", [("a", CHAR), ("b", INT)]),
    struct("half", [("a", FLOAT)]),
    struct("halves", [("a", FLOAT), ("b", FLOAT)]),
    struct("unlike", [("a", FLOAT), ("b", INT)]),
    struct("threes", [("a", FLOAT), ("b", FLOAT), ("c", FLOAT)]),
    struct("fours", [("a", FLOAT), ("b", FLOAT), ("c", FLOAT), ("d", FLOAT)]),
    struct("doubles", [("a", DOUBLE), ("b", DOUBLE)]),
    struct("first", [("a", INT), ("b", DOUBLE)]),
    struct("second", [("a", DOUBLE), ("b", SHORT)]),
    struct("longs", [("a", LONG), ("b", POINTER)]),
    struct("mixture", [("a", FLOAT), ("b", CHAR), ("c", DOUBLE)]),
    struct("packed7", [("a", CHAR), ("b", INT), ("c", SHORT)], "__attribute__((packed)) "),
    struct("packed13", [("a", DOUBLE), ("b", CHAR), ("c", FLOAT)], "__attribute__((packed)) "),
    struct("lined", [("a", LONG)], "__attribute__((aligned(16))) "),
    struct("extended", [("a", LONG_DOUBLE)]),
    vector("ints4", INT, 4),
    vector("doubles2", DOUBLE, 2),
    vector("floats2", FLOAT, 2),
]

PROLOGUE = """/* SPDX-License-Identifier: MIT */
/* Made by signatures.py. */
#include "plain.h"

#include <stdbool.h>
#include <stdio.h>

#include "runtime/start.h"

#ifdef WEFT_HAVE_STUB
#include "capture.h"

static char anchors[100];
static int wrong;

static void check(bool same, int function, int argument)
{
    if (!same && wrong++ < 20)
        printf("function %d: argument %d is wrong\\n", function, argument);
}

"""


def write_function(number):
    types = [random.choice(SCALARS if random.random() < 0.6 else OTHERS)
             for _ in range(random.randint(1, 13))]
    result = random.choice(SCALARS)
    names = [f"a{i}" for i in range(len(types))]
    for name, t in zip(names, types):
        print(f"static {t.name} f{number}_{name} = {t.literal()};")
    print(f"static {result.name} f{number}_result = {result.literal()};\n")
    print(f"static {result.name} f{number}("
          + ", ".join(f"{t.name} {a}" for t, a in zip(types, names)) + ")\n{")
    for i, (a, t) in enumerate(zip(names, types)):
        print(f"    check({t.same(a, f'f{number}_{a}')}, {number}, {i});")
    print(f"    return f{number}_result;\n}}\n")
    arguments = ", ".join(f"f{number}_{a}" for a in names)
    print(f"static void start{number}(void)\n{{\n    struct weft_result r;\n"
          f"    {result.name} value;\n")
    if number % 2:
        print(f"    CAPTURE_AT_MOST({16 * len(types)}, f{number}, {arguments});")
    else:
        print(f"    kept.stack_bytes = {16 * len(types)};\n    LITTER();\n"
              f"    STUB(f{number})({arguments});")
    where = "vector" if result in (FLOAT, DOUBLE) else "word"
    print(f"    r = RUN(f{number});\n    memcpy(&value, &r.{where}, sizeof value);\n"
          f"    check(value == f{number}_result, {number}, -1);\n}}\n")


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    random.seed(seed)
    print(PROLOGUE)
    for t in SCALARS + OTHERS:
        if t.declare:
            print(t.declare)
    print()
    for number in range(count):
        write_function(number)
    print("static void arguments_of_random_signatures_arrive(void **state)\n{\n    (void)state;")
    for number in range(count):
        print(f"    start{number}();")
    print("    assert_int_equal(wrong, 0);\n}\n#endif\n\nint main(void)\n{\n"
          "#ifdef WEFT_HAVE_STUB\n    const struct CMUnitTest tests[] = {\n"
          "        cmocka_unit_test(arguments_of_random_signatures_arrive),\n    };\n\n"
          "    return cmocka_run_group_tests(tests, NULL, NULL);\n#endif\n}")


main()
