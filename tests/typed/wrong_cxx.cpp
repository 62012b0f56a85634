// SPDX-License-Identifier: MIT
// What C++ must refuse. How to read it: check.sh.
#define WEFT_SHORT_NAMES
#include <weft.h>

#include <string>

struct point {
    int x, y;
};

void worker(chan(int) c, int n);
point gives_struct(int n);
void count(gen(int) self, int from);

int wrong_cxx(chan(int) ints, chan(double) doubles, chan_rx(int) rx, chan_tx(int) tx,
              chan(point) points, gen(int) g, gen(double, int) averages, const char *text);
int wrong_cxx(chan(int) ints, chan(double) doubles, chan_rx(int) rx, chan_tx(int) tx,
              chan(point) points, gen(int) g, gen(double, int) averages, const char *text)
{
    struct weft_case set[1];
    double d = text[0];
    int n = static_cast<int>(d) + chan_close(doubles), x = 1;

#if CASE == 1 // W1: a string on a channel of int
    // gcc: invalid conversion from 'const char\*' to .*int
    // clang: no matching function for call to 'weft_chan_send'
    n += chan_send(ints, text);
#else
    n += chan_send(ints, 1);
#endif

#if CASE == 2 // W3: an int received into a double
    // gcc: cannot convert 'double\*' to .*int
    // clang: no matching function for call to 'weft_chan_recv'
    n += chan_recv(ints, &d);
#else
    n += chan_recv(ints, &x);
#endif

#if CASE == 3 // W5: an int on a channel of structs
    // gcc: invalid initialization of reference of type .*point|could not convert|cannot convert
    // clang: no matching function for call to 'weft_chan_send'
    n += chan_send(points, 42);
#else
    n += chan_send(points, {1, 2});
#endif

#if CASE == 4 // W6: a channel of double for a parameter that is a channel of int
    // gcc: (cannot convert|invalid conversion from) .*double.* to .*int
    // clang: no matching function for call to 'worker'
    worker(doubles, 1);
#else
    worker(ints, 1);
#endif

#if CASE == 5 // W7: a new channel of strings kept as one of int
    // gcc: (cannot convert|invalid conversion from) .*char.* to .*int
    // clang: cannot initialize a variable of type .*int
    chan(int) c = chan_new(char *);
#else
    chan(int) c = chan_new(int);
#endif

#if CASE == 6 // sending on the receiving end
    // gcc: no matching function for call to 'weft_chan_send\(
    // clang: no matching function for call to 'weft_chan_send'
    n += chan_send(rx, 1);
#else
    n += chan_send(tx, 1);
#endif

#if CASE == 7 // receiving from the sending end
    // gcc: no matching function for call to 'weft_chan_recv\(
    // clang: no matching function for call to 'weft_chan_recv'
    n += chan_recv(tx, &x);
#else
    n += chan_recv(rx, &x);
#endif

#if CASE == 8 // a loop over the sending end
    // gcc: no matching function for call to 'element_of\(
    // clang: no matching function for call to 'element_of'
    chan_each(v, tx)
        n += v;
#else
    chan_each(v, rx)
        n += v;
#endif

#if CASE == 9 // a clause that sends on the receiving end
    // gcc: no matching function for call to 'weft_chan_case_send\(
    // clang: no matching function for call to 'weft_chan_case_send'
    n += chan_select(chan_case_send(rx, 1));
#else
    n += chan_select(chan_case_send(tx, 1));
#endif

#if CASE == 10 // a clause that receives from the sending end
    // gcc: no matching function for call to 'weft_chan_case_recv\(
    // clang: no matching function for call to 'weft_chan_case_recv'
    n += chan_select(chan_case_recv(tx, &x));
#else
    n += chan_select(chan_case_recv(rx, &x));
#endif

#if CASE == 11 // the clause of a select kept for a run-time set
    // gcc: no match for 'operator='
    // clang: no viable overloaded '='
    set[0] = chan_case_send(ints, x);
#else
    set[0] = chan_set_send(ints, &x);
#endif

#if CASE == 12 // elements that must be destroyed
    // any: an element is copied bytewise: its type must be trivially copyable
    n += chan_new(std::string) != nullptr;
#endif

#if CASE == 13 // too few arguments
    // any: the function cannot be called with these arguments
    n += go(worker, ints);
#else
    n += go(worker, ints, 1);
#endif

#if CASE == 14 // a string for an int
    // any: the function cannot be called with these arguments
    n += go(worker, ints, text);
#else
    n += go([](std::string s) { (void)s; }, text);
#endif

#if CASE == 15 // a struct as the result of a task
    // any: a spawned function must return void or a scalar of at most 8 bytes
    n += task_join(spawn(gives_struct, 1));
#else
    n += go(gives_struct, 1);
#endif

#if CASE == 16 // an int joined into a double
    // gcc: no matching function for call to 'weft_task_join\(
    // clang: no matching function for call to 'weft_task_join'
    n += task_join(spawn([] { return 1; }), &d);
#else
    n += task_join(spawn([] { return 1; }), &x);
#endif

#if CASE == 17 // a body that yields another type
    // any: the function cannot be called with these arguments
    n += gen_close(gen_new(char, count, 1));
#else
    n += gen_close(gen_new(int, count, 1));
#endif

#if CASE == 18 // a body with what must be destroyed
    // any: what a generator's body gets must be trivially copyable
    n += gen_close(gen_new(
        int, [](gen(int), std::string) {}, std::string(text)));
#else
    n += gen_close(gen_new(
        int, [](gen(int), const char *) {}, text));
#endif

#if CASE == 19 // a value sent to a generator that takes none
    // gcc: invalid conversion|cannot convert|incomplete type|no matching function
    // clang: no matching function for call to 'weft_gen_send'
    n += gen_send(g, &x, 1);
#else
    n += gen_send(averages, &d, 1);
#endif

#if CASE == 20 // a string yielded as an int
    // gcc: invalid conversion from 'const char\*' to .*int
    // clang: no matching function for call to 'weft_gen_yield'
    n += gen_yield(g, text);
#else
    n += gen_yield(g, 1);
#endif

#if CASE == 21 // cancelling a channel
    // gcc: no matching function for call to 'weft_task_cancel\(
    // clang: no matching function for call to 'weft_task_cancel'
    n += task_cancel(ints);
#else
    n += task_cancel(spawn([] {}));
#endif

#if CASE == 22 // detaching a number
    // gcc: no matching function for call to 'weft_task_detach\(
    // clang: no matching function for call to 'weft_task_detach'
    n += task_detach(x);
#else
    n += task_detach(spawn([] { return 1; }));
#endif

#if CASE == 23 // a group's function with another result
    // any: a function started in a group must return int
    n += group_go(nullptr, [] { return 1L; });
#else
    n += group_go(nullptr, [] { return 1; });
#endif

    return n + chan_close(c) + chan_select_n(set, 1);
}
