/* SPDX-License-Identifier: MIT */
#include "pattern.h"

#include <string.h>

const struct pattern patterns[] = {
    {.name = "ring", .about = "one value goes round through all", .run = ring_run},
    {.name = "pairs", .about = "half of them send, each to one of the others", .run = pairs_run},
    {.name = "fan-in", .about = "all send to one receiver", .run = fan_in_run},
    {.name = "fan-out", .about = "all receive from one sender", .run = fan_out_run},
    {.name = "pipeline", .about = "every value goes through all of them", .run = pipeline_run},
    {.name = "sieve",
     .about = "a prime sieve, one filter per prime, 2,000 filters at most",
     .threads_max = 1 + SIEVE_FILTERS_MAX,
     .note = "2,000 filters are its most",
     .run = sieve_run},
    {.name = "select", .about = "each sends to two and receives from two", .run = select_run},
    {.name = "sleepers", .about = "all sleep; a message is a wake", .run = sleepers_run},
    {.name = "generators",
     .about = "all yield, in turn; a message is a next",
     .run = generators_run},
    {.name = "tree", .about = "each spawns and joins two; a message is a join", .run = tree_run},
    {.name = NULL},
};

const struct pattern *pattern_find(const char *name)
{
    for (const struct pattern *p = patterns; p->name; p++)
        if (strcmp(p->name, name) == 0)
            return p;
    return NULL;
}
