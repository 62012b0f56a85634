/* SPDX-License-Identifier: MIT */
#include "wheel.h"

#include <assert.h>

#include "base.h"

static struct weft_timer *wheel_timer(struct weft_list *link)
{
    return WEFT__CONTAINER_OF(link, struct weft_timer, link);
}

static unsigned wheel_digit(int64_t when, unsigned level)
{
    return (unsigned)(when >> (level * WEFT__WHEEL_DIGIT_BITS)) % WEFT__WHEEL_SLOTS;
}

static void wheel_place(struct weft_wheel *wheel, struct weft_timer *timer)
{
    unsigned long long differing = (unsigned long long)(timer->when ^ wheel->now) | 1;
    unsigned level = (63 - (unsigned)__builtin_clzll(differing)) / WEFT__WHEEL_DIGIT_BITS;
    unsigned slot = wheel_digit(timer->when, level);

    weft__list_push_back(&wheel->slots[level][slot], &timer->link);
    wheel->used[level] |= UINT64_C(1) << slot;
    wheel->levels |= UINT32_C(1) << level;
}

/* Forgets a slot that is empty, or is about to be. */
static void wheel_vacate(struct weft_wheel *wheel, unsigned level, unsigned slot)
{
    wheel->used[level] &= ~(UINT64_C(1) << slot);
    if (wheel->used[level] == 0)
        wheel->levels &= ~(UINT32_C(1) << level);
}

/* The slot with the earliest timers of a wheel that is not empty. */
static void wheel_first(const struct weft_wheel *wheel, unsigned *level, unsigned *slot)
{
    *level = (unsigned)__builtin_ctz(wheel->levels);
    *slot = (unsigned)__builtin_ctzll(wheel->used[*level]);
}

/* The first instant of a slot: the digits of now above its level, its own digit, zeroes. */
static int64_t wheel_slot_start(const struct weft_wheel *wheel, unsigned level, unsigned slot)
{
    unsigned shift = level * WEFT__WHEEL_DIGIT_BITS;
    uint64_t above = (uint64_t)wheel->now >> shift & ~(uint64_t)(WEFT__WHEEL_SLOTS - 1);

    return (int64_t)((above | slot) << shift);
}

/* Deals the timers of a slot, whose first instant is now, out to the levels below. */
static void wheel_deal(struct weft_wheel *wheel, struct weft_list *slot)
{
    struct weft_list *link = slot->next;

    weft__list_init(slot);
    while (link != slot) {
        struct weft_list *next = link->next;

        wheel_place(wheel, wheel_timer(link));
        link = next;
    }
}

void weft__wheel_init(struct weft_wheel *wheel, int64_t now)
{
    wheel->now = now < 0 ? 0 : now;
    wheel->levels = 0;
    for (unsigned level = 0; level < WEFT__WHEEL_LEVELS; level++) {
        wheel->used[level] = 0;
        for (unsigned slot = 0; slot < WEFT__WHEEL_SLOTS; slot++)
            weft__list_init(&wheel->slots[level][slot]);
    }
}

void weft__wheel_arm(struct weft_wheel *wheel, struct weft_timer *timer, int64_t when)
{
    assert(!weft__timer_is_armed(timer));
    timer->when = when < wheel->now ? wheel->now : when;
    wheel_place(wheel, timer);
}

bool weft__wheel_cancel(struct weft_wheel *wheel, struct weft_timer *timer)
{
    struct weft_list *next = timer->link.next;
    struct weft_list *prev = timer->link.prev;

    if (next == NULL)
        return false;
    weft__list_remove(&timer->link);
    timer->link.next = NULL;
    /* With the same neighbour on both sides it was alone with the head: of a slot, or of a list of
     * due timers, which lies outside the wheel. */
    if (next == prev) {
        uintptr_t offset = (uintptr_t)next - (uintptr_t)wheel->slots;
        uintptr_t index = offset / sizeof(struct weft_list);

        if (offset < sizeof wheel->slots)
            wheel_vacate(wheel, (unsigned)index / WEFT__WHEEL_SLOTS, index % WEFT__WHEEL_SLOTS);
    }
    return true;
}

int64_t weft__wheel_next(const struct weft_wheel *wheel)
{
    unsigned level;
    unsigned slot;
    int64_t when = INT64_MAX;

    if (weft__wheel_is_empty(wheel))
        return INT64_MAX;
    wheel_first(wheel, &level, &slot);
    if (level == 0)
        return wheel_slot_start(wheel, level, slot);
    const struct weft_list *head = &wheel->slots[level][slot];
    for (struct weft_list *link = head->next; link != head; link = link->next)
        when = wheel_timer(link)->when < when ? wheel_timer(link)->when : when;
    return when;
}

static bool wheel_any_in(const struct weft_list *slot,
                         bool (*holds)(const struct weft_timer *timer))
{
    for (struct weft_list *link = slot->next; link != slot; link = link->next)
        if (holds(wheel_timer(link)))
            return true;
    return false;
}

bool weft__wheel_any(const struct weft_wheel *wheel, bool (*holds)(const struct weft_timer *timer))
{
    for (uint32_t levels = wheel->levels; levels; levels &= levels - 1) {
        unsigned level = (unsigned)__builtin_ctz(levels);

        for (uint64_t used = wheel->used[level]; used; used &= used - 1)
            if (wheel_any_in(&wheel->slots[level][__builtin_ctzll(used)], holds))
                return true;
    }
    return false;
}

void weft__wheel_advance(struct weft_wheel *wheel, int64_t now, struct weft_list *due)
{
    now = now < wheel->now ? wheel->now : now;
    while (!weft__wheel_is_empty(wheel)) {
        unsigned level;
        unsigned slot;

        wheel_first(wheel, &level, &slot);
        int64_t start = wheel_slot_start(wheel, level, slot);
        struct weft_list *head = &wheel->slots[level][slot];
        if (start > now)
            break;
        wheel_vacate(wheel, level, slot);
        /* Timers of one instant, or a single one, are in order as they are. */
        if (level == 0 || (head->next == head->prev && wheel_timer(head->next)->when <= now)) {
            weft__list_splice_back(due, head);
        } else {
            wheel->now = start;
            wheel_deal(wheel, head);
        }
    }
    wheel->now = now;
}

struct weft_timer *weft__wheel_pop_due(struct weft_list *due)
{
    if (weft__list_is_empty(due))
        return NULL;
    struct weft_timer *timer = wheel_timer(weft__list_pop_front(due));
    timer->link.next = NULL;
    return timer;
}
