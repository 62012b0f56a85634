/* SPDX-License-Identifier: MIT */
/* Several things fetched at once, three at a time. The first failure stops the others, and whoever
 * waits for all of them learns what failed and where. */
#include <stdio.h>
#include <string.h>
#include <weft.h>

struct page {
    const char *name;
    int seconds; /* that fetching takes */
    int result;
};

/* Stands in for what takes its time, and may fail. */
static int fetch(const struct page *page)
{
    int error;

    weft_set_name(page->name);
    error = weft_sleep(WEFT_SEC(page->seconds));
    if (error == 0)
        error = page->result;
    printf("%d s: %s: %s\n", (int)(weft_now() / WEFT_SEC(1)), page->name,
           error == 0            ? "here it is"
           : error == -ECANCELED ? "not wanted any more"
                                 : strerror(-error));
    return error;
}

static int fetch_all(const struct page *pages, int n)
{
    struct weft_group *g = group_new(3);
    const char *who;
    int error;

    if (!g)
        return -ENOMEM;
    for (int i = 0; i < n; i++)
        if (group_go(g, fetch, &pages[i]) < 0)
            break; /* group_wait tells why */
    error = group_wait(g);
    who =
        group_who(g); /* "thread 5 'map' (fetch at group.c:44)", whose place is not printed here */
    if (who)
        printf("%.*sfailed first\n", (int)strcspn(who, "("), who);
    else
        printf("all are there\n");
    group_free(g);
    return error;
}

int main(void)
{
    const struct page good[] = {{"index", 1, 0}, {"news", 3, 0}, {"map", 1, 0}, {"shop", 1, 0}};
    const struct page bad[] = {
        {"index", 1, 0}, {"news", 9, 0}, {"map", 2, -EACCES}, {"shop", 9, 0}};

    return fetch_all(good, 4) == 0 && fetch_all(bad, 4) == -EACCES ? 0 : 1;
}
