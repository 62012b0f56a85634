/* SPDX-License-Identifier: MIT */
/* A limit and an end: eight downloads, no more than three at a time, and one that waits for all. */
#include <stdio.h>
#include <weft.h>

enum { FILES = 8, AT_ONCE = 3 };

static struct weft_semaphore places = WEFT_SEMAPHORE(AT_ONCE);
static struct weft_waitgroup downloads;
static int running, most;

/* Stands for the work: the first file is the largest. */
static void fetch(int file)
{
    if (++running > most)
        most = running;
    weft_sleep(WEFT_MS(100) * (FILES - file));
    running--;
}

static void download(int file)
{
    if (weft_semaphore_acquire(&places) == 0) {
        fetch(file);
        printf("file %d at %4lld ms\n", file, (long long)(weft_now() / WEFT_MS(1)));
        weft_semaphore_release(&places);
    }
    weft_waitgroup_done(&downloads);
}

int main(void)
{
    weft_waitgroup_add(&downloads, FILES);
    for (int file = 0; file < FILES; file++)
        if (go(download, file) < 0)
            return 1;
    if (weft_waitgroup_wait(&downloads) < 0)
        return 1;
    printf("%d at once\n", most);
    return most == AT_ONCE ? 0 : 1;
}
