/* SPDX-License-Identifier: MIT */
/* A request gives up on its slow lookup, and nobody is left to take the answer; the rest goes on. Run
 * it with WEFT_REPORT=deadlocks. */
#include <weft.h>

static void look_up(chan(int) answers, int key)
{
    weft_sleep(WEFT_MS(50));
    chan_send(answers, key * key);
}

static void handle(int key)
{
    chan(int) answers = chan_new(int);
    int answer;

    go(look_up, answers, key);
    chan_select(chan_case_recv(answers, &answer), chan_case_timeout(WEFT_MS(10)));
}

int main(void)
{
    for (int i = 0; i < 3; i++)
        go(handle, i);
    weft_sleep(WEFT_SEC(1)); /* the program has other things to do */
    return 0;
}
