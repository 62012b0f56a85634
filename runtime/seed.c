/* SPDX-License-Identifier: MIT */
#include "seed.h"

#include <sys/syscall.h>
#include <unistd.h>

#include "print.h"
#include "sched.h"
#include "settings.h"

static void seed_begin(struct weft_seed *s, uint64_t own)
{
    s->own = own;
    s->forks = 0;
    s->choices = 0;
    s->hash = 0;
    weft__oracle_init(&s->generator, own);
}

/* Another's seed, which no near seed gives to anybody. */
static uint64_t seed_derive(uint64_t seed, uint32_t number)
{
    return weft__oracle_mix(weft__oracle_mix(seed) + number);
}

void weft__seed_init(struct weft_seed *s)
{
    static uint32_t others;
    uint64_t given;

    s->is_on = weft__settings_seed(&given);
    if (!s->is_on)
        return;
    s->given = given;
    if (getpid() != (pid_t)syscall(SYS_gettid))
        given = seed_derive(given, __atomic_add_fetch(&others, 1, __ATOMIC_RELAXED));
    seed_begin(s, given);
}

void weft__seed_forked(struct weft_seed *s)
{
    if (s->is_on)
        seed_begin(s, seed_derive(s->own, s->forks + 1));
}

static uint32_t seed_choose(void *state, uint32_t n, enum weft__choice kind)
{
    struct weft_seed *s = state;
    uint32_t answer = weft__oracle_draw(&s->generator, n);

    (void)kind;
    s->choices++;
    s->hash = weft__oracle_mix(s->hash ^ ((uint64_t)n << 32 | answer));
    return answer;
}

/* "WEFT_SEED=7 (hash 0x1b2c3d4e, 4,567 choices)" */
static void seed_tell(const void *state, struct weft_print *out)
{
    const struct weft_seed *s = state;

    weft__print(out, "WEFT_SEED=%llu (hash 0x%x, ", (unsigned long long)s->given,
                (unsigned)(s->hash ^ s->hash >> 32));
    weft__print_count(out, s->choices);
    weft__print(out, " choice%s", s->choices == 1 ? "" : "s");
    if (s->own != s->given)
        weft__print(out, ", in a child process or another OS thread");
    weft__print(out, ")");
}

void weft__seed_install(struct weft_worker *w)
{
    weft__sched_set_oracle(w, seed_choose, &w->seed);
    w->oracle.tell = seed_tell;
}
