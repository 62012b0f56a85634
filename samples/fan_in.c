/* SPDX-License-Identifier: MIT */
/* Fan-in: many threads send on one channel, which is closed when the last of them has ended. */
#include <stdio.h>
#include <weft.h>

enum { PRODUCERS = 3, ITEMS = 100 };

struct item {
    int producer, number;
};

static void produce(chan_tx(struct item) out, int producer)
{
    for (int n = 1; n <= ITEMS; n++)
        if (chan_send(out, (struct item){.producer = producer, .number = n}) < 0)
            return;
}

static void close_after(task(void) *producers, chan_tx(struct item) out)
{
    for (int i = 0; i < PRODUCERS; i++)
        task_join(producers[i]);
    chan_close(out);
}

int main(void)
{
    chan(struct item) items = chan_new(struct item);
    task(void) producers[PRODUCERS];
    int last[PRODUCERS] = {0};
    int failed = 0;

    if (!items)
        return 1;
    for (int i = 0; i < PRODUCERS; i++)
        producers[i] = spawn(produce, items, i);
    if (go(close_after, producers, items) < 0)
        return 1;
    chan_each(item, items) {
        failed |= item.number != last[item.producer] + 1;
        last[item.producer] = item.number;
    }
    for (int i = 0; i < PRODUCERS; i++) {
        printf("producer %d: %d items\n", i, last[i]);
        failed |= last[i] != ITEMS;
    }
    printf(failed ? "some were lost\n" : "each in its order\n");
    chan_free(items);
    return failed;
}
