/* SPDX-License-Identifier: MIT */
/* Two threads lock two accounts in different orders, and wait for one another; the rest goes on. */
#include <weft.h>

static struct account {
    struct weft_mutex lock;
    int money;
} alice, bob;

static void transfer(struct account *from, struct account *to, int amount)
{
    weft_mutex_lock(&from->lock);
    weft_sleep(WEFT_MS(1));
    weft_mutex_lock(&to->lock);
    from->money -= amount;
    to->money += amount;
    weft_mutex_unlock(&to->lock);
    weft_mutex_unlock(&from->lock);
}

int main(void)
{
    go(transfer, &alice, &bob, 10);
    go(transfer, &bob, &alice, 20);
    weft_sleep(WEFT_SEC(1)); /* the program has other things to do */
    return 0;
}
