/* SPDX-License-Identifier: MIT */
/* Clauses of the wrong type, and clauses kept longer than they live. How to read it: check.sh. */
#include <weft.h>

enum { SET_MAX = 4 };

int wrong_select(chan(int) ints, const char *text);
int wrong_select(chan(int) ints, const char *text)
{
    struct weft_case set[SET_MAX];
    struct weft_clause clause = chan_case_timeout(1);
    int values[SET_MAX] = {text[0]};
    double d = 1;
    int n = (int)d + (int)clause.one.amount, x = 1;

#if CASE == 1 /* W14: a clause that receives an int into a double */
    /* any: chan_case_recv: the pointer must point to an object of */
    n += chan_select(chan_case_recv(ints, &d));
#else
    n += chan_select(chan_case_recv(ints, &x));
#endif

#if CASE == 2 /* W15: a clause that sends a string on a channel of int */
    /* gcc: assignment to 'weft_elem_[0-9]+' \{aka 'int'\} from 'const char \*' */
    /* clang: assigning to 'weft_elem_[0-9]+' \(aka 'int'\) from 'const char \*' */
    n += chan_select(chan_case_send(ints, text));
#else
    n += chan_select(chan_case_send(ints, x));
#endif

    for (int i = 0; i < SET_MAX; i++)
#if CASE == 3 /* the clause of a select stored in a loop, where its value does not live */
        /* gcc: incompatible types when assigning to type .* from type 'struct weft_clause' */
        /* clang: assigning to 'struct weft_case' from incompatible type 'struct weft_clause' */
        set[i] = chan_case_send(ints, values[i]);
#else
        set[i] = chan_set_send(ints, &values[i]);
#endif

#if CASE == 4 /* a clause of a select among run-time ones */
    /* gcc: incompatible types when initializing type .* using type 'struct weft_clause' */
    /* clang: initializing .* with an expression of incompatible type 'struct weft_clause' */
    n += chan_select_n((struct weft_case[]){chan_case_recv(ints, &x)}, 1);
#else
    n += chan_select_n((struct weft_case[]){chan_set_recv(ints, &x)}, 1);
#endif

#if CASE == 5 /* a stored clause as a run-time set */
    /* gcc: passing argument 1 of 'weft_chan_select_' from incompatible pointer type */
    /* clang: incompatible pointer types passing 'struct weft_clause \*' .* 'struct weft_case \*' */
    n += chan_select_n(&clause, 1);
#else
    n += chan_select_n(set, SET_MAX);
#endif

#if CASE == 6 /* a run-time clause that receives into a double */
    /* any: chan_set_recv: the pointer must point to an object of */
    set[0] = chan_set_recv(ints, &d);
#else
    set[0] = chan_set_recv(ints, &x);
#endif

#if CASE == 7 /* a run-time clause that sends a double as an int */
    /* gcc: initialization of .* \{aka 'const int \*'\} from .* 'double \*' */
    /* clang: initializing 'const weft_elem_[0-9]+ \*' .* with an expression of type 'double \*' */
    set[0] = chan_set_send(ints, &d);
#else
    set[0] = chan_set_send(ints, &x);
#endif

    return n + set[0].op;
}
