/* SPDX-License-Identifier: MIT */
/* A select waits for whichever comes first: a value, the end of the channel, or the timeout. */
#include <stdio.h>
#include <weft.h>

static void tick_thrice(chan_tx(int) out)
{
    for (int i = 0; i < 3; i++) {
        weft_sleep(WEFT_MS(20));
        if (chan_send(out, i) < 0)
            return;
    }
    weft_sleep(WEFT_MS(250));
    chan_close(out);
}

int main(void)
{
    chan(int) ticks = chan_new(int);
    int tick, seen = 0;

    if (!ticks || go(tick_thrice, ticks) < 0)
        return 1;
    for (;;) {
        enum { TICK, IDLE };
        switch (chan_select([TICK] = chan_case_recv(ticks, &tick), /* or finds it closed */
                            [IDLE] = chan_case_timeout(WEFT_MS(100)))) {
        case TICK:
            printf("tick %d\n", tick);
            seen++;
            continue; /* the for loop: plain C rules */
        case IDLE:
            printf("nothing for 100 ms\n");
            break;
        case CHAN_CLOSED(TICK):
            printf("no more ticks\n");
            chan_free(ticks);
            return seen == 3 ? 0 : 1;
        default: /* an error: a loop that ignores it runs for ever */
            return 1;
        }
    }
}
