/* SPDX-License-Identifier: MIT */
/* Generators that yield or take another type. How to read it: check.sh. */
#include <weft.h>

void count(gen(int) self, int from);
void average(gen(double, int) self);
void no_body(int from);

WEFT_FN(count, gen(int), int);
WEFT_FN(average, gen(double, int));

int wrong_gen(gen(int) ints, gen(double, int) averages, const char *text);
int wrong_gen(gen(int) ints, gen(double, int) averages, const char *text)
{
    gen(int) made;
    gen(double, int) made2;
    double d = text[0];
    int n = 0, x;

#if CASE == 1 /* a body that yields another type */
    /* gcc: passing argument 1 of 'count' from incompatible pointer type */
    /* clang: incompatible pointer types passing .*char.* to parameter of type .*int */
    n += gen_close(gen_new(char, count, 1));
#else
    n += gen_close(gen_new(int, count, 1));
#endif

#if CASE == 2 /* a body that is sent values, for a generator that takes none */
    /* gcc: passing argument 1 of 'average' from incompatible pointer type */
    /* clang: incompatible pointer types passing .*weft_takes_nothing.* to parameter of type */
    n += gen_close(gen_new(double, average));
#else
    n += gen_close(gen_new2(double, int, average));
#endif

#if CASE == 3 /* a body that takes another type */
    /* gcc: passing argument 1 of 'average' from incompatible pointer type */
    /* clang: incompatible pointer types passing .*long.* to parameter of type .*int */
    n += gen_close(gen_new2(double, long, average));
#else
    n += gen_close(gen_new2(double, int, average));
#endif

#if CASE == 4 /* a function that is no body */
    /* gcc: passing argument 1 of 'no_body' makes integer from pointer without a cast */
    /* clang: incompatible pointer to integer conversion passing .* to parameter of type 'int' */
    made = gen_new(int, no_body);
#else
    made = gen_new(int, count, 1);
#endif

#if CASE == 5 /* too few arguments for the body */
    /* gcc: too few arguments to function 'count' */
    /* clang: too few arguments to function call, expected 2, have 1 */
    made = gen_new(int, count);
#endif

#if CASE == 6 /* a new generator kept as one of another type */
    /* gcc: assignment to .*double.* from incompatible pointer type .*int */
    /* clang: incompatible pointer types assigning to .*double.* from .*int */
    made2 = gen_new(int, count, 1);
#else
    made2 = gen_new2(double, int, average);
#endif

#if CASE == 7 /* the next of int into a double */
    /* any: gen_next: the pointer must point to an object of */
    n += gen_next(ints, &d);
#else
    n += gen_next(ints, &x);
#endif

#if CASE == 8 /* a string yielded as an int */
    /* gcc: assignment to 'weft_elem_[0-9]+' \{aka 'int'\} from 'const char \*' */
    /* clang: assigning to 'weft_elem_[0-9]+' \(aka 'int'\) from 'const char \*' */
    n += gen_yield(ints, text);
#else
    n += gen_yield(ints, 1);
#endif

#if CASE == 9 /* a value of another type sent */
    /* gcc: passing argument 2 of '.*' from incompatible pointer type */
    /* clang: incompatible pointer types passing .*'double \*'.* to parameter of type .*int */
    n += gen_send(averages, &d, 1.5);
#else
    n += gen_send(averages, &d, 1);
#endif

#if CASE == 10 /* a value sent to a generator that takes none */
    /* gcc: passing argument 2 of '.*' from incompatible pointer type */
    /* clang: incompatible pointer types passing .* 'struct weft_takes_nothing \*' */
    n += gen_send(ints, &x, 1);
#else
    n += gen_send(averages, &d, 1);
#endif

#if CASE == 11 /* what is sent received into another type */
    /* gcc: passing argument 2 of '.*' from incompatible pointer type */
    /* clang: incompatible pointer types passing 'double \*' to parameter of type .*int */
    n += gen_yield_recv(averages, &d, 1);
#else
    n += gen_yield_recv(averages, &x, 1);
#endif

#if CASE == 12 /* closing what is no generator */
    /* gcc: called object .*is not a function or function pointer */
    /* clang: called object type 'int' is not a function or function pointer */
    n += gen_close(&x);
#else
    n += gen_close(made);
#endif

    return n + gen_close(made2);
}
