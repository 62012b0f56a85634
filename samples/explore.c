/* SPDX-License-Identifier: MIT */
/* A pipeline that mostly works: weft_explore tries every order of its threads, finds one in which a
 * value is lost, and runs that one again. */
#include <stdio.h>
#include <stdlib.h>
#include <weft.h>

static int left;    /* producers that are not done */
static int is_loud; /* in the replay */

static void say(const char *what, int value)
{
    if (is_loud)
        printf("  %s %d\n", what, value);
}

/* The mistake: it counts itself out before its value is gone. */
static void produce(chan_tx(int) out, int value)
{
    left--;
    say("wants to send", value);
    say(chan_send(out, value) == 0 ? "has sent" : "cannot send", value);
    if (left == 0)
        chan_close(out);
}

static int sum_is_three(void *unused)
{
    chan(int) numbers = chan_new(int);
    task(void) producers[2];
    int sum = 0;

    (void)unused;
    left = 2;
    for (int i = 0; i < 2; i++)
        producers[i] = spawn(produce, numbers, i + 1);
    chan_each(n, numbers) {
        say("came:", n);
        sum += n;
    }
    for (int i = 0; i < 2; i++)
        task_join(producers[i]);
    chan_free(numbers);
    return sum != 3;
}

int main(void)
{
    struct weft_explore_opts opts = {.size = sizeof opts};
    struct weft_explored found;

    if (weft_explore(sum_is_three, NULL, &opts, &found) != 1)
        return 1;
    weft_explored_print(&found, 1);
    is_loud = 1;
    opts.replay = found.schedule;
    weft_explore(sum_is_three, NULL, &opts, NULL);
    free(found.schedule);
    return 0;
}
