/* SPDX-License-Identifier: MIT */
#include "progress.h"

#include <stdio.h>
#include <unistd.h>

enum { PROGRESS_WIDTH = 50 };

bool progress_is_seen(void)
{
    return isatty(STDERR_FILENO);
}

void progress_draw(const char *pattern, double done)
{
    static const char full[] = "##################################################";
    static const char empty[] = "..................................................";
    int width = (int)(done * PROGRESS_WIDTH);

    fprintf(stderr, "\r%-12s [%.*s%.*s] %3d %%", pattern, width, full, PROGRESS_WIDTH - width,
            empty, (int)(done * 100));
}

void progress_erase(void)
{
    fputs("\r\033[K", stderr);
}
