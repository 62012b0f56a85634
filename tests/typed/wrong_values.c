/* SPDX-License-Identifier: MIT */
/* Sending and receiving what the channel does not carry. How to read it: check.sh. */
#include <weft.h>

struct point {
    int x, y;
};

struct fixed {
    const int k;
};

typedef int unary(int);

int wrong_values(chan(int) ints, chan(char *) strings, chan(struct point) points,
                 chan(unary *) functions, struct point *point, unary *one, int two(int, int));
int wrong_values(chan(int) ints, chan(char *) strings, chan(struct point) points,
                 chan(unary *) functions, struct point *point, unary *one, int two(int, int))
{
    char text[] = "text";
    const char *constant_text = text;
    const int constant = 1;
    double d = 1;
    int n = (int)d + constant + constant_text[0] + two(0, 0), x;

#if CASE == 1 /* W1: a string on a channel of int */
    /* gcc: assignment to 'weft_elem_[0-9]+' \{aka 'int'\} from 'char \*' */
    /* clang: assigning to 'weft_elem_[0-9]+' \(aka 'int'\) from 'char *\[5\]' */
    n += chan_send(ints, text);
#else
    n += chan_send(ints, 1);
#endif

#if CASE == 2 /* W2: an int on a channel of strings */
    /* gcc: assignment to 'weft_elem_[0-9]+' \{aka 'char \*'\} from 'int' */
    /* clang: assigning to 'weft_elem_[0-9]+' \(aka 'char \*'\) from 'int' */
    n += chan_send(strings, n);
#else
    n += chan_send(strings, text);
#endif

#if CASE == 3 /* W3: an int received into a double */
    /* any: chan_recv: the pointer must point to an object of */
    n += chan_recv(ints, &d);
#else
    n += chan_recv(ints, &x);
#endif

#if CASE == 4 /* W4: the size of a struct instead of the struct */
    /* gcc: incompatible types when assigning to type .* \{aka 'struct point'\} from type '.*long */
    /* clang: assigning to .* \(aka 'struct point'\) from incompatible type '.*long */
    n += chan_send(points, sizeof(struct point));
#else
    n += chan_send(points, *point);
#endif

#if CASE == 5 /* W5: an int on a channel of structs, which an initialiser would take */
    /* gcc: incompatible types when assigning to type .* \{aka 'struct point'\} from type 'int' */
    /* clang: assigning to 'weft_elem_[0-9]+' \(aka 'struct point'\) from incompatible type 'int' */
    n += chan_send(points, 42);
#else
    n += chan_send(points, (struct point){1, 2});
#endif

#if CASE == 6 /* W8: no address of the object to receive into */
    /* any: chan_recv: the pointer must point to an object of */
    n += chan_recv(ints, n);
#else
    n += chan_recv(ints, &n);
#endif

#if CASE == 7 /* W9: no value to send */
    /* gcc: expected expression|requires at least one argument */
    /* clang: expected expression|must specify at least one argument */
    n += chan_send(ints);
#else
    n += chan_send(ints, n);
#endif

#if CASE == 8 /* W10: an int pointer as a channel */
    /* gcc: called object .*is not a function or function pointer */
    /* clang: called object type 'int' is not a function or function pointer */
    n += chan_send(&x, 1);
#else
    n += chan_send(ints, 1);
#endif

#if CASE == 9 /* W11: a pointer to the struct instead of the struct */
    /* gcc: incompatible types when assigning to type .*'struct point'.* from type '.*point \*' */
    /* clang: assigning to '.*' \(aka 'struct point'\) from incompatible type 'struct point \*' */
    n += chan_send(points, point);
#else
    n += chan_send(points, *point);
#endif

#if CASE == 10 /* W12: into a constant */
    /* any: chan_recv: the pointer must point to an object of */
    n += chan_recv(ints, &constant);
#else
    n += chan_recv(ints, &x);
#endif

#if CASE == 11 /* W13: a function of another signature */
    /* gcc: assignment to .* from incompatible pointer type 'int \(\*\)\(int, *int\)' */
    /* clang: incompatible function pointer types assigning to .* from 'int \(\*\)\(int, int\)' */
    n += chan_send(functions, two);
#else
    n += chan_send(functions, one);
#endif

#if CASE == 12 /* W16: a constant string on a channel of strings */
    /* gcc: assignment discards 'const' qualifier from pointer target type */
    /* clang: assigning to .* \(aka 'char \*'\) from 'const char \*' discards */
    n += chan_send(strings, constant_text);
#else
    n += chan_send(strings, text);
#endif

#if CASE == 13 /* sending from an object of another type */
    /* gcc: initialization of .* \{aka 'const int \*'\} from .* 'double \*' */
    /* clang: initializing 'const weft_elem_[0-9]+ \*' .* with an expression of type 'double \*' */
    n += chan_send_from(ints, &d);
#else
    n += chan_send_from(ints, &constant);
#endif

#if CASE == 14 /* trying to send a string on a channel of int */
    /* gcc: assignment to 'weft_elem_[0-9]+' \{aka 'int'\} from 'char \*' */
    /* clang: assigning to 'weft_elem_[0-9]+' \(aka 'int'\) from 'char *\[5\]' */
    n += chan_trysend(ints, text);
#else
    n += chan_trysend(ints, 1);
#endif

#if CASE == 15 /* trying to receive an int into a double */
    /* any: chan_tryrecv: the pointer must point to an object of */
    n += chan_tryrecv(ints, &d);
#else
    n += chan_tryrecv(ints, &x);
#endif

#if CASE == 16 /* a channel of arrays */
    /* gcc: declared as function returning an array */
    /* clang: function cannot return array type */
    n += chan_new(int[4]) != NULL;
#else
    n += chan_new(int(*)[4]) != NULL;
#endif

#if CASE == 17 /* elements that cannot be assigned */
    /* gcc: assignment of read-only variable */
    /* clang: cannot assign to variable '.*' with const-qualified data member 'k' */
    chan(struct fixed) fixed = NULL;
    struct fixed one_fixed = {1};

    n += chan_send(fixed, one_fixed);
#endif

#if CASE == 18 /* elements that are nothing */
    /* gcc: declared void */
    /* clang: variable has incomplete type 'weft_elem_[0-9]+' \(aka 'void'\) */
    chan(void) nothing = NULL;

    n += chan_send(nothing, 1);
#endif

    return n;
}
