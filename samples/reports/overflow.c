/* SPDX-License-Identifier: MIT */
/* A thread's stack is used up: a folder has a link to itself, and somebody goes through all folders. */
#include <stdio.h>
#include <weft.h>

struct folder {
    const char *name;
    struct folder *inner;
};

static int count(const struct folder *f, const char *above)
{
    char path[256];

    if (snprintf(path, sizeof path, "%s/%s", above, f->name) < 0)
        return 0;
    return f->inner ? 1 + count(f->inner, path) : 1;
}

static void survey(const struct folder *top)
{
    printf("%d folders\n", count(top, ""));
}

int main(void)
{
    const struct weft_spawn_opts surveyor = {.size = sizeof surveyor, .name = "surveyor"};
    struct folder top = {"top", NULL}, link = {"link", &top};

    top.inner = &link;
    go_with(&surveyor, survey, &top);
    weft_sleep(WEFT_SEC(1));
    return 0;
}
