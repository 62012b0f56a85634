/* SPDX-License-Identifier: MIT */
/* What tests/gdb.sh looks at: threads in every state, and another OS thread with threads of its own.
 * It stops three times: when main is running, when a green thread is running, and when nobody is, in
 * the midst of a system call. Let go on each time, it prints "all is well": that whoever looked has
 * changed nothing. */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>

#include <weft.h>

enum { READERS = 5 };

struct channels {
    chan(int) orders;
    chan(double) prices;
    chan(long) news;
    chan(long) complaints;
};

/* Parked until the end. */
struct crowd {
    task(int) sender;
    task(double) receiver;
    task(int) selector;
    task(int) readers[READERS];
};

static int sender(chan_tx(int) out, int value)
{
    return chan_send(out, value);
}

static double receiver(chan_rx(double) in)
{
    double got = 0;

    chan_recv(in, &got);
    return got;
}

static int selector(const struct channels *c)
{
    return chan_select(chan_case_recv(c->news, NULL), chan_case_send(c->complaints, 1),
                       chan_case_timeout(WEFT_SEC(3600)));
}

static int reader(chan_rx(long) news)
{
    return chan_recv(news, NULL);
}

static void sleeper(void)
{
    weft_sleep(WEFT_FOREVER);
}

static void joiner(task(void) of)
{
    task_join(of);
}

static int quick(int value)
{
    return value;
}

static void counter(gen(int) self, int from)
{
    while (gen_yield(self, from++) == 0) {
    }
}

static void teller(gen(const char *, double) self)
{
    gen_yield(self, "told");
}

static struct weft_mutex mutex;
static struct weft_semaphore semaphore;

static void locker(void)
{
    weft_mutex_lock(&mutex);
    weft_semaphore_acquire(&semaphore); /* for ever */
}

static int member(void)
{
    weft_mutex_lock(&mutex);
    return 0;
}

static void leader(void)
{
    struct weft_group *g = group_new(0);

    group_go(g, member);
    group_wait(g);
}

static void stopper(void)
{
    raise(SIGTRAP);
}

/* Interrupts a sleep from outside. */
static void alarm_in(long ms)
{
    struct itimerval soon = {.it_value.tv_usec = 1000 * ms};

    setitimer(ITIMER_REAL, &soon, NULL);
}

/* Its variables are printed. */
static void stop(void)
{
    chan(int) empty = chan_new(int);
    chan_rx(int) receiving = empty;
    chan_tx(int) sending = empty;
    chan(int) none = NULL;
    gen(int) suspended = gen_new(int, counter, 7);
    gen(const char *, double) unasked = gen_new2(const char *, double, teller);
    task(int) done = spawn(quick, 1);
    task(void) running;

    chan_close(empty);
    gen_next(suspended, NULL);
    go(locker);
    go(leader);
    weft_yield();
    weft_yield();
    running = spawn(stopper);
    raise(SIGTRAP); /* before it has started */
    task_join(running);
    alarm_in(100);
    weft_sleep(WEFT_MS(300));

    task_join(done);
    gen_close(unasked);
    gen_close(suspended);
    chan_free(empty);
    if (receiving != sending || none)
        abort();
}

static struct crowd assemble(const struct channels *c)
{
    struct weft_spawn_opts named = {.size = sizeof named, .name = "bookkeeper"};
    struct crowd all = {
        .sender = spawn(sender, c->orders, 42),
        .receiver = spawn_with(&named, receiver, c->prices),
        .selector = spawn(selector, c),
    };

    for (int i = 0; i < READERS; i++)
        all.readers[i] = spawn(reader, c->news);
    go(joiner, spawn(sleeper)); /* both for ever */
    weft_yield();
    return all;
}

/* Everybody gets what was waited for. */
static bool serve(const struct channels *c, const struct crowd *all)
{
    double price = 0;
    int order = 0, result = -1;
    bool well;

    well = chan_recv(c->orders, &order) == 0 && order == 42;
    well &= task_join(all->sender, &result) == 0 && result == 0;
    well &= chan_send(c->prices, 2.5) == 0;
    well &= task_join(all->receiver, &price) == 0 && price == 2.5;
    chan_close(c->news);
    well &= task_join(all->selector, &result) == 0 && result == CHAN_CLOSED(0);
    for (int i = 0; i < READERS; i++)
        well &= task_join(all->readers[i], &result) == 0 && result == -EPIPE;
    return well;
}

/* The other OS thread: it takes no signals, and sleeps until the program ends. */
static void *elsewhere(void *is_set_up)
{
    sigset_t all;

    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, NULL);
    go(reader, chan_new(long));
    weft_yield();
    sem_post(is_set_up);
    weft_sleep(WEFT_SEC(3600));
    return NULL;
}

int main(void)
{
    struct channels c = {chan_new(int), chan_new(double), chan_new(long), chan_new(long)};
    struct crowd all = assemble(&c);
    pthread_t other;
    sem_t is_set_up;

    sem_init(&is_set_up, 0, 0);
    if (pthread_create(&other, NULL, elsewhere, &is_set_up) != 0)
        return 1;
    sem_wait(&is_set_up);
    stop();
    puts(serve(&c, &all) ? "all is well" : "all is not well");
    return 0;
}
