/* SPDX-License-Identifier: MIT */
/* A generator delegates to others: the walk of a tree is that of its left side, its own value, and
 * the walk of its right side. */
#include <stdio.h>
#include <weft.h>

struct node {
    int value;
    const struct node *left, *right;
};

/* Yields all that `from` yields, and closes it. Negative: our own consumer has closed us. */
static int delegate(gen(int) self, gen(int) from)
{
    int error = from ? 0 : -ENOMEM;

    gen_each(value, from) {
        error = gen_yield(self, value);
        if (error < 0)
            break;
    }
    gen_close(from);
    return error;
}

static void walk(gen(int) self, const struct node *n)
{
    if (n->left && delegate(self, gen_new(int, walk, n->left)) < 0)
        return;
    if (gen_yield(self, n->value) < 0)
        return;
    if (n->right)
        delegate(self, gen_new(int, walk, n->right));
}

static int print_walk(const struct node *tree, int stop)
{
    gen(int) values = gen_new(int, walk, tree);
    int last = 0;

    gen_each(value, values) {
        printf("%d\n", value);
        last = value == last + 1 ? value : -1;
        if (last < 0 || value == stop)
            break;
    }
    gen_close(values); /* and with it all generators that it has delegated to */
    return last;
}

int main(void)
{
    static const struct node one = {.value = 1}, three = {.value = 3}, five = {.value = 5};
    static const struct node two = {.value = 2, .left = &one, .right = &three};
    static const struct node four = {.value = 4, .left = &two, .right = &five};

    printf("all of it:\n");
    if (print_walk(&four, 0) != 5)
        return 1;
    printf("up to 3:\n");
    return print_walk(&four, 3) == 3 ? 0 : 1;
}
