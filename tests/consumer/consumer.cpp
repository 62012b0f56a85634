/* SPDX-License-Identifier: MIT */
/* A thread counts, main adds up; by the long names, as a library would. */
#include <iostream>
#include <weft.h>

static void count(weft_chan_tx(int) out)
{
    for (int i = 1; i <= 4; i++)
        weft_chan_send(out, i);
    weft_chan_close(out);
}

int main()
{
    auto numbers = weft_chan_new(int);
    int sum = 0;

    if (!numbers || weft_go(count, numbers) < 0)
        return 1;
    for (int n; weft_chan_recv(numbers, &n) == 0;)
        sum += n;
    weft_chan_free(numbers);
    std::cout << sum << '\n';
    return 0;
}
