// SPDX-License-Identifier: MIT
// What must compile as C++17 and later without a warning, by the long names, which are the only
// ones unless a program asks. It is not run.
#include <weft.h>

#include <array>
#include <functional>
#include <string>
#include <thread>

// Names that a program may have, since weft leaves them alone.
struct chan {
    int go, spawn, task, gen;
};

struct point {
    int x, y;
};

// A header for C and C++.
struct holder {
    weft_chan(int) ints;
    weft_chan(struct point) points;
    weft_chan(const char *) texts;
    weft_chan(int (*)(int)) functions;
    weft_chan(std::array<int, 2>) pairs;
    weft_chan(weft_chan(int)) channels;
    weft_chan(struct later) later;
    weft_chan_rx(int) rx;
    weft_chan_tx(int) tx;
    weft_gen(int) ints_made;
    weft_gen(double, int) doubles_made;
    weft_task(bool) truth;
};

extern "C" weft_chan(int) make_channel(weft_chan_rx(double) doubles);
extern "C" void worker(weft_chan(int) c, int n);
WEFT_FN(worker, weft_chan(int), int);

int values(holder &h, const weft_chan(int) constant);
int values(holder &h, const weft_chan(int) constant)
{
    point p = {1, 2};
    std::array<int, 2> pair = {0, 0};
    int x = 0;
    int n = 0;

    n += weft_chan_send(h.ints, 'a') + weft_chan_recv(h.ints, &x) + weft_chan_send(constant, x);
    n += weft_chan_send(h.points, {1, 2}) + weft_chan_send_from(h.points, &p);
    n += weft_chan_send(h.texts, "text") + weft_chan_recv(h.texts, nullptr);
    n += weft_chan_send(h.pairs, {1, 2}) + weft_chan_recv(h.pairs, &pair);
    n += weft_chan_send(h.channels, h.ints) + weft_chan_recv(h.channels, &h.ints);
    h.rx = h.ints;
    h.tx = constant;
    n += weft_chan_trysend(h.tx, 1) + weft_chan_tryrecv(h.rx, &x) + weft_chan_close(h.rx);
    weft_chan_free(h.tx);
    h.pairs = weft_chan_new(std::array<int, 2>);
    weft_chan_each(v, h.rx) {
        weft_chan_each(w, h.ints)
            n += v + w;
    }
    return n + pair[0];
}

int starts(holder &h, const std::string &text);
int starts(holder &h, const std::string &text)
{
    const weft_spawn_opts opts = {sizeof opts, 0, "named"};
    bool truth = false;
    int n = 0;

    n += weft_go(worker, h.ints, 1) + weft_go_with(&opts, [text] { (void)text; });
    h.truth = weft_spawn([](const std::string &s) { return s.empty(); }, text);
    n += weft_task_cancel(h.truth) + weft_task_detach(weft_spawn(worker, h.ints, 2));
    n += weft_task_join(h.truth, &truth) +
         weft_task_join(weft_spawn_with(nullptr, worker, h.ints, 2));
    h.ints_made = weft_gen_new(int, [](weft_gen(int) self) { weft_gen_yield(self, 1); });
    h.doubles_made = weft_gen_new2(
        double, int, [](weft_gen(double, int) self, int from) { weft_gen_yield(self, from); }, 1);
    weft_gen_each(i, h.ints_made)
        n += i;
    return n + weft_gen_close(h.ints_made) + weft_gen_close(h.doubles_made);
}

weft_local local = WEFT_LOCAL(nullptr);

int groups(holder &h, const std::string &text);
int groups(holder &h, const std::string &text)
{
    weft_group *g = weft_group_new(2);
    int n = weft_group_go(
        g, [text](int i) { return i; }, 1);

    n += weft_group_go(g, [&h] { return weft_chan_close(h.tx); });
    n += weft_within(WEFT_MS(1), weft_group_wait(g)) + weft_group_cancel(g);
    n += weft_local_set(&local, g) + (weft_local_get(&local) != nullptr);
    n += weft_group_who(g) != nullptr;
    weft_group_free(g);
    return n;
}

int selects(holder &h);
int selects(holder &h)
{
    weft_case set[] = {weft_chan_set_recv(h.rx, nullptr), weft_case{}};
    int x = 0;

    switch (weft_within(WEFT_MS(1), weft_chan_select(weft_chan_case_recv(h.rx, &x),
                                                     weft_chan_case_send(h.points, {1, 2}),
                                                     weft_chan_case_timeout(WEFT_US(1)),
                                                     weft_chan_case_default))) {
    case 0:
        return weft_within(1, weft_within(2, weft_chan_send(h.ints, weft_chan_close(h.tx))));
    case WEFT_CHAN_CLOSED(0):
        return weft_chan_select_n(set, 2);
    default:
        return x;
    }
}
