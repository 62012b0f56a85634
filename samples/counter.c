/* SPDX-License-Identifier: MIT */
/* A generator gives a value each time it is asked for one, and keeps its place in between. */
#include <stdio.h>
#include <weft.h>

static void create_counter(gen(int) self, int n)
{
    printf("create_counter\n");
    while (gen_yield(self, n) == 0) { /* -EPIPE: the consumer has closed us */
        printf("increment n\n");
        n++;
    }
}

int main(void)
{
    gen(int) counter = gen_new(int, create_counter, 2);
    int last = 0;

    if (!counter || gen_next(counter, &last) < 0)
        return 1;
    printf("%d\n", last);
    gen_each(n, counter) {
        printf("--->:%d\n", n);
        last = n;
        if (n == 6)
            break;
    }
    gen_close(counter); /* its yield returns -EPIPE, it returns, and all it had is freed */
    return last == 6 ? 0 : 1;
}
