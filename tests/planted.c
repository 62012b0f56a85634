/* SPDX-License-Identifier: MIT */
/* usage: planted BUG
 * Bugs in green threads, across switches and channels, that a sanitizer's build must see. They are in
 * volatile variables, so that no compiler does away with them, or hidden from compilers and analyzers,
 * which would see some of them before any sanitizer. */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weft.h>

/* ---- a write behind an object of a frame that is parked ---- */

static void write_behind(chan(char *) c)
{
    char *object = NULL;
    volatile size_t size = 16;

    chan_recv(c, &object);
    *(volatile char *)&object[size] = 1;
}

static void overflow(void)
{
    chan(char *) c = chan_new(char *);
    char object[16];
    task(void) t = spawn(write_behind, c);

    chan_send(c, object);
    task_join(t);
    chan_free(c);
}

/* ---- a read of a frame that is no more ---- */

__attribute__((noinline)) static void lend(chan(int *) c)
{
    volatile int object = 1;

    chan_send(c, (int *)(uintptr_t)&object);
}

static void lend_and_wait(chan(int *) c)
{
    lend(c);
    weft_sleep(1000000);
}

static void after_return(void)
{
    chan(int *) c = chan_new(int *);
    int *lent = NULL;
    task(void) t = spawn(lend_and_wait, c);

    chan_recv(c, &lent);
    weft_yield();
    printf("%d\n", *lent);
    task_join(t);
    chan_free(c);
}

/* ---- a read of the stack of a thread that has ended ---- */

static void *hidden(void *p)
{
    __asm__("" : "+r"(p));
    return p;
}

/* Its first element is deeper than where the loop that runs threads is when it is switched out. */
static int *lend_and_end(void)
{
    volatile int object[1024];

    object[0] = 1;
    return hidden((void *)(uintptr_t)object);
}

static void after_end(void)
{
    int *lent = NULL;

    task_join(spawn(lend_and_end), &lent);
    if (*lent > 0)
        puts("still there");
}

/* ---- two OS threads with one counter ---- */

static int counter, counting;

/* Both begin when both have made their threads: nothing that the library shares between workers then
 * orders what they do. */
static void count(void)
{
    __atomic_add_fetch(&counting, 1, __ATOMIC_RELAXED);
    while (__atomic_load_n(&counting, __ATOMIC_RELAXED) < 2)
        ;
    for (int i = 0; i < 1000; i++) {
        counter++;
        weft_yield();
    }
}

static void *count_here(void *unused)
{
    (void)unused;
    task_join(spawn(count));
    weft_shutdown();
    return NULL;
}

static void race(void)
{
    pthread_t other;

    if (pthread_create(&other, NULL, count_here, NULL) != 0)
        abort();
    count_here(NULL);
    pthread_join(other, NULL);
}

/* ---- what was never written, and came over a channel ---- */

struct half {
    int written;
    int unwritten;
};

static void send_half(chan(struct half) c)
{
    struct half *h = malloc(sizeof *h);

    if (!h)
        abort();
    h->written = 1;
    chan_send(c, *h);
    free(h);
}

static void unwritten(void)
{
    chan(struct half) c = chan_new(struct half);
    struct half h;
    task(void) t = spawn(send_half, c);

    chan_recv(c, &h);
    if (h.unwritten > 0)
        puts("more");
    task_join(t);
    chan_free(c);
}

/* ---- what a thread had, and nobody frees ---- */

static void own(chan_rx(int) c)
{
    char *(*duplicate)(const char *) = strdup;
    char *volatile owned;

    __asm__("" : "+r"(duplicate));
    owned = duplicate("owned");
    if (owned)
        chan_recv(c, NULL);
}

static void leak(void)
{
    chan(int) c = chan_new(int);
    task(void) t = spawn(own, c);

    chan_send(c, 1);
    task_join(t);
    chan_free(c);
}

/* ---- a sum that is too large ---- */

static int too_large(int n)
{
    volatile int one = 1;

    weft_yield();
    return n + one;
}

static void sum(void)
{
    int result = 0;

    task_join(spawn(too_large, INT32_MAX), &result);
    printf("%d\n", result);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*plant)(void);
    } bugs[] = {
        {"overflow", overflow}, {"after-return", after_return}, {"after-end", after_end},
        {"race", race},         {"unwritten", unwritten},       {"leak", leak},
        {"sum", sum},
    };

    for (size_t i = 0; argc == 2 && i < sizeof bugs / sizeof bugs[0]; i++)
        if (strcmp(argv[1], bugs[i].name) == 0) {
            bugs[i].plant();
            return weft_shutdown();
        }
    return 2;
}
