/* SPDX-License-Identifier: MIT */
/* Starting what cannot be called so, joining into the wrong type, and what is no task. How to read
 * it: check.sh. */
#include <weft.h>

struct point {
    int x, y;
};

struct large {
    char bytes[17];
};

int worker(chan(int) c, int n);
void nothing(void);
void takes_large(struct large large);
void takes_pointer(const struct large *large);
struct point gives_struct(int n);
long double gives_long_double(int n);
long gives_long(int n);

WEFT_FN(worker, chan(int), int);
WEFT_FN(nothing);
WEFT_FN(takes_pointer, const struct large *);

#if CASE == 1 /* WEFT_FN with another type */
/* any: WEFT_FN: these are not the types of the parameters */
int other(int n);
WEFT_FN(other, long);
#endif

#if CASE == 2 /* WEFT_FN with too few types */
/* gcc: too few arguments to function 'other' */
/* clang: too few arguments to function call */
int other(int n, int m);
WEFT_FN(other, int);
#endif

#if CASE == 3 /* WEFT_FN without the types */
/* gcc: too few arguments to function 'other' */
/* clang: too few arguments to function call */
int other(int n);
WEFT_FN(other);
#endif

int wrong_start(chan(int) ints, chan(double) doubles, const char *text, struct large *large);
int wrong_start(chan(int) ints, chan(double) doubles, const char *text, struct large *large)
{
    double d = text[0];
    int n = (int)d + chan_close(doubles), x;
    struct weft_group *group = group_new(1);

#if CASE == 4 /* a string for an int */
    /* gcc: passing argument 2 of 'worker' makes integer from pointer without a cast */
    /* clang: passing 'const char \*' to parameter of type 'int' */
    n += go(worker, ints, text);
#else
    n += go(worker, ints, 1);
#endif

#if CASE == 5 /* a channel of another type */
    /* gcc: passing argument 1 of 'worker' from incompatible pointer type */
    /* clang: incompatible pointer types passing .*double.* to parameter of type .*int */
    n += go(worker, doubles, 1);
#else
    n += go(worker, ints, 1);
#endif

#if CASE == 6 /* too few arguments */
    /* gcc: too few arguments to function 'worker' */
    /* clang: too few arguments to function call, expected 2, have 1 */
    n += go(worker, ints);
#else
    n += go(worker, ints, 1);
#endif

#if CASE == 7 /* no arguments */
    /* gcc: too few arguments to function 'worker' */
    /* clang: too few arguments to function call, expected 2, have 0 */
    n += go(worker);
#else
    n += go(nothing);
#endif

#if CASE == 8 /* too many arguments */
    /* gcc: too many arguments to function 'worker' */
    /* clang: too many arguments to function call, expected 2, have 3 */
    n += go(worker, ints, 1, 2);
#else
    n += go(worker, ints, 1);
#endif

#if CASE == 9 /* an argument of more than 16 bytes */
    /* any: an argument of a started function is larger than 16 bytes */
    n += go(takes_large, *large);
#else
    n += go(takes_pointer, large);
#endif

#if CASE == 10 /* a struct as the result */
    /* any: a started function must return void or a scalar */
    n += go(gives_struct, 1);
#endif

#if CASE == 11 /* a result of more than 8 bytes */
    /* any: a started function must return void or a scalar */
    n += task_join(spawn(gives_long_double, 1));
#endif

#if CASE == 12 /* an int as a function */
    /* gcc: called object .*is not a function or function pointer */
    /* clang: called object type 'int' is not a function or function pointer */
    n += go(n, 1);
#else
    n += go(worker, ints, 1);
#endif

#if CASE == 13 /* a task of another type */
    /* gcc: initialization of 'double \(\*\*\).* from incompatible pointer type */
    /* clang: incompatible pointer types initializing .*double.* with an expression of type */
    task(double) t = spawn(worker, ints, 1);
#else
    task(int) t = spawn(worker, ints, 1);
#endif

#if CASE == 14 /* an int joined into a double */
    /* any: task_join: the pointer must point to an object of the result type */
    n += task_join(spawn(worker, ints, 1), &d);
#else
    n += task_join(spawn(worker, ints, 1), &x);
#endif

#if CASE == 15 /* nothing joined into an int */
    /* any: task_join: the pointer must point to an object of the result type */
    n += task_join(spawn(nothing), &x);
#else
    n += task_join(spawn(nothing));
#endif

#if CASE == 16 /* joining what is no task */
    /* gcc: called object .*is not a function or function pointer */
    /* clang: called object type 'int' is not a function or function pointer */
    n += task_join(&x);
#else
    n += task_join(t);
#endif

#if CASE == 17 /* a number instead of options */
    /* gcc: initialization of 'const struct weft_spawn_opts \*' from 'int' makes pointer */
    /* clang: initializing 'const struct weft_spawn_opts \*' with an expression of type 'int' */
    n += go_with(65536, nothing);
#else
    n += go_with(NULL, nothing);
#endif

#if CASE == 18 /* cancelling a channel */
    /* gcc: passing argument 1 of '\*ints' from incompatible pointer type */
    /* clang: incompatible pointer types passing 'struct weft_thread \*' to .*'struct weft_chan \*' */
    n += task_cancel(ints);
#else
    n += task_cancel(t);
#endif

#if CASE == 19 /* cancelling a number */
    /* gcc: invalid type argument of unary '\*' \(have 'int'\) */
    /* clang: indirection requires pointer operand \('int' invalid\) */
    n += task_cancel(x);
#else
    n += task_cancel(t);
#endif

#if CASE == 20 /* detaching a channel */
    /* gcc: passing argument 1 of '\*ints' from incompatible pointer type */
    /* clang: incompatible pointer types passing 'struct weft_thread \*' to .*'struct weft_chan \*' */
    n += task_detach(ints);
#else
    n += task_detach(t);
#endif

#if CASE == 21 /* detaching what is no task */
    /* gcc: called object .*is not a function or function pointer */
    /* clang: called object type 'double' is not a function or function pointer */
    n += task_detach(&d);
#else
    n += task_detach(t);
#endif

#if CASE == 22 /* the result of a shield of nothing */
    /* gcc: void value not ignored as it ought to be|invalid use of void expression */
    /* clang: invalid operands to binary expression|assigning to 'int' from incompatible type 'void' */
    n = weft_shield(nothing());
#else
    weft_shield(nothing());
#endif

#if CASE == 23 /* a string for an int in a group */
    /* gcc: passing argument 2 of 'worker' makes integer from pointer without a cast */
    /* clang: passing 'const char \*' to parameter of type 'int' */
    n += group_go(group, worker, ints, text);
#else
    n += group_go(group, worker, ints, 1);
#endif

#if CASE == 24 /* a group's function without a result */
    /* any: a function started in a group must return int */
    n += group_go(group, nothing);
#endif

#if CASE == 25 /* a group's function with another result */
    /* any: a function started in a group must return int */
    n += group_go(group, gives_long, 1);
#else
    n += task_join(spawn(gives_long, 1));
#endif

#if CASE == 26 /* a channel for a group */
    /* gcc: passing argument 1 of 'weft_group_begin_' from incompatible pointer type */
    /* clang: incompatible pointer types passing .* to parameter of type 'struct weft_group \*' */
    n += group_go(ints, worker, ints, 1);
#else
    n += group_wait(group);
#endif

    return n;
}
