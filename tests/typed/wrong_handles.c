/* SPDX-License-Identifier: MIT */
/* Channels of the wrong type, and the wrong end of one. How to read it: check.sh. */
#include <weft.h>

void worker(chan(int) c);
void reader(chan_rx(int) c);

int wrong_handles(chan(int) ints, chan(double) doubles, chan_rx(int) rx, chan_tx(int) tx);
int wrong_handles(chan(int) ints, chan(double) doubles, chan_rx(int) rx, chan_tx(int) tx)
{
    struct weft_case set;
    int n = 0, x = 1;

#if CASE == 1 /* W6: a channel of double for a parameter that is a channel of int */
    /* gcc: passing argument 1 of 'worker' from incompatible pointer type */
    /* clang: incompatible pointer types passing .*double.* to parameter of type .*int */
    worker(doubles);
#else
    worker(ints);
#endif

#if CASE == 2 /* W7: a new channel of strings kept as one of int */
    /* gcc: initialization of 'int \(\*\*\).* from incompatible pointer type */
    /* clang: incompatible pointer types initializing .*int.* with .* of type .*char \* */
    chan(int) c = chan_new(char *);
#else
    chan(int) c = chan_new(int);
#endif

#if CASE == 3 /* sending on the receiving end */
    /* any: cannot send on a chan_rx: it is the receiving end */
    n += chan_send(rx, 1);
#else
    n += chan_send(tx, 1);
#endif

#if CASE == 4 /* sending an object on the receiving end */
    /* any: cannot send on a chan_rx: it is the receiving end */
    n += chan_send_from(rx, &x);
#else
    n += chan_send_from(tx, &x);
#endif

#if CASE == 5 /* receiving from the sending end */
    /* any: cannot receive from a chan_tx: it is the sending end */
    n += chan_recv(tx, &x);
#else
    n += chan_recv(rx, &x);
#endif

#if CASE == 6 /* a loop over the sending end */
    /* any: cannot receive from a chan_tx: it is the sending end */
    chan_each(v, tx)
        n += v;
#else
    chan_each(v, rx)
        n += v;
#endif

#if CASE == 7 /* a clause that sends on the receiving end */
    /* any: cannot send on a chan_rx: it is the receiving end */
    n += chan_select(chan_case_send(rx, 1), chan_case_default);
#else
    n += chan_select(chan_case_send(tx, 1), chan_case_default);
#endif

#if CASE == 8 /* a clause that receives from the sending end */
    /* any: cannot receive from a chan_tx: it is the sending end */
    n += chan_select(chan_case_recv(tx, &x), chan_case_default);
#else
    n += chan_select(chan_case_recv(rx, &x), chan_case_default);
#endif

#if CASE == 9 /* a run-time clause that sends on the receiving end */
    /* any: cannot send on a chan_rx: it is the receiving end */
    set = chan_set_send(rx, &x);
#else
    set = chan_set_send(tx, &x);
#endif

#if CASE == 10 /* a run-time clause that receives from the sending end */
    /* any: cannot receive from a chan_tx: it is the sending end */
    set = chan_set_recv(tx, &x);
#else
    set = chan_set_recv(rx, &x);
#endif

#if CASE == 11 /* the sending end where the receiving one is wanted */
    /* gcc: passing argument 1 of 'reader' discards 'volatile' qualifier */
    /* clang: passing .* to parameter of type .* discards qualifiers */
    reader(tx);
#else
    reader(ints);
#endif

#if CASE == 12 /* an end as a whole channel */
    /* gcc: passing argument 1 of 'worker' discards 'const' qualifier */
    /* clang: passing .* to parameter of type .* discards qualifiers */
    worker(rx);
#else
    worker(ints);
#endif

#if CASE == 13 /* closing what is no channel */
    /* gcc: called object .*is not a function or function pointer */
    /* clang: called object type 'int' is not a function or function pointer */
    n += chan_close(&x);
#else
    n += chan_close(c);
#endif

#if CASE == 14 /* freeing what is no channel */
    /* gcc: called object .*is not a function or function pointer */
    /* clang: called object type 'int' is not a function or function pointer */
    chan_free(&x);
#else
    chan_free(c);
#endif

    return n + set.op + chan_close(doubles);
}
