/* SPDX-License-Identifier: MIT */
#include "report.h"

#include <inttypes.h>
#include <stdio.h>

#include "options.h"
#include "pattern.h"
#include "run.h"
#include "soak.h"

enum { REPORT_NUMBER_BYTES = 32 };

bool report_is_verified(const struct run *r)
{
    return r->is_over && r->check.wrong == 0;
}

static double report_seconds(const struct run *r)
{
    return r->is_over ? (double)(r->end_ns - r->quota.begin_ns) / 1e9 : 0;
}

static double report_ns_per_message(const struct run *r)
{
    return r->messages ? report_seconds(r) * 1e9 / (double)r->messages : 0;
}

static uint64_t report_bytes_per_thread(const struct run *r)
{
    if (r->resident_alive < r->resident_before)
        return 0;
    return (r->resident_alive - r->resident_before) / r->threads;
}

/* 1234567 as "1,234,567" */
static const char *report_grouped(char out[REPORT_NUMBER_BYTES], uint64_t number)
{
    char digits[REPORT_NUMBER_BYTES];
    int n = snprintf(digits, sizeof digits, "%" PRIu64, number);
    char *to = out;

    for (int i = 0; i < n; i++) {
        if (i > 0 && (n - i) % 3 == 0)
            *to++ = ',';
        *to++ = digits[i];
    }
    *to = '\0';
    return out;
}

void report_head(const struct options *o)
{
    if (o->json)
        return;
    printf("%-12s%12s%16s%12s%14s%14s\n", "pattern", "threads", "messages", "ns/message",
           "messages/s", "bytes/thread");
    fflush(stdout);
}

static void report_verdict(const struct options *o, const struct pattern *p, const struct run *r)
{
    if (report_is_verified(r))
        printf("  verified");
    else
        printf("  WRONG: %s", r->check.first);
    if (r->check.wrong > 1)
        printf(" (and %" PRIu64 " more)", r->check.wrong - 1);
    if (p->threads_max > 0 && o->threads > p->threads_max)
        printf(" (%s)", p->note);
    printf("\n");
}

static void report_row(const struct options *o, const struct pattern *p, const struct run *r)
{
    char threads[REPORT_NUMBER_BYTES], messages[REPORT_NUMBER_BYTES], rate[REPORT_NUMBER_BYTES],
        bytes[REPORT_NUMBER_BYTES];
    double seconds = report_seconds(r);

    printf("%-12s%12s%16s%12.1f%14s%14s", p->name, report_grouped(threads, r->threads),
           report_grouped(messages, r->messages), report_ns_per_message(r),
           report_grouped(rate, seconds > 0 ? (uint64_t)((double)r->messages / seconds) : 0),
           report_grouped(bytes, report_bytes_per_thread(r)));
    report_verdict(o, p, r);
}

static void report_json(const struct pattern *p, const struct run *r)
{
    printf("{\"pattern\":\"%s\",\"threads\":%zu,\"messages\":%" PRIu64 ",\"seconds\":%.6f,"
           "\"ns_per_message\":%.2f,\"bytes_per_thread\":%" PRIu64 ",\"verified\":%s",
           p->name, r->threads, r->messages, report_seconds(r), report_ns_per_message(r),
           report_bytes_per_thread(r), report_is_verified(r) ? "true" : "false");
    if (!report_is_verified(r))
        printf(",\"wrong\":\"%s\"", r->check.first); /* no finding has a quote in it */
    printf("}\n");
}

void report_line(const struct options *o, const struct pattern *p, const struct run *r)
{
    if (o->json)
        report_json(p, r);
    else
        report_row(o, p, r);
    fflush(stdout);
}

void report_foot(const struct options *o, unsigned verified, unsigned ran, int64_t took_ns)
{
    if (o->json)
        return;
    printf("%u of %u patterns verified in %.1f s, seed %" PRIu64 "\n", verified, ran,
           (double)took_ns / 1e9, o->seed);
    fflush(stdout);
}

/* ---- a soak ---- */

/* What a process holds, by name. */
struct report_held {
    const char *name, *json;
    uint64_t warm, end;
};

enum { REPORT_HELD = 4 };

static void report_held(struct report_held held[REPORT_HELD], const struct soak *s)
{
    held[0] = (struct report_held){"resident bytes", "resident_bytes", s->warm.resident_bytes,
                                   s->end.resident_bytes};
    held[1] = (struct report_held){"mappings", "mappings", s->warm.mappings, s->end.mappings};
    held[2] =
        (struct report_held){"descriptors", "descriptors", s->warm.descriptors, s->end.descriptors};
    held[3] =
        (struct report_held){"OS threads", "os_threads", s->warm.os_threads, s->end.os_threads};
}

static void report_soak_table(const struct soak *s)
{
    char one[REPORT_NUMBER_BYTES], other[REPORT_NUMBER_BYTES];
    struct report_held held[REPORT_HELD];

    report_held(held, s);
    printf("%zu patterns at once, %s threads", s->patterns, report_grouped(one, s->all.threads));
    printf(": %s messages in %s rounds", report_grouped(one, s->all.messages),
           report_grouped(other, s->rounds));
    printf(", %.1f s, %.1f ns/message\n", report_seconds(&s->all), report_ns_per_message(&s->all));
    printf("%s calls, groups and generators broken off on the way\n",
           report_grouped(one, s->all.broken_off));
    printf("%-16s%16s%16s\n", "held", "after warm-up", "at the end");
    for (size_t i = 0; i < REPORT_HELD; i++)
        printf("%-16s%16s%16s\n", held[i].name, report_grouped(one, held[i].warm),
               report_grouped(other, held[i].end));
}

static void report_soak_json(const struct soak *s)
{
    struct report_held held[REPORT_HELD];

    report_held(held, s);
    printf("{\"pattern\":\"soak\",\"patterns\":%zu,\"threads\":%zu,\"rounds\":%zu,"
           "\"rounds_warm\":%zu,\"messages\":%" PRIu64 ",\"seconds\":%.6f,"
           "\"ns_per_message\":%.2f,\"broken_off\":%" PRIu64,
           s->patterns, s->all.threads, s->rounds, s->rounds_warm, s->all.messages,
           report_seconds(&s->all), report_ns_per_message(&s->all), s->all.broken_off);
    for (size_t i = 0; i < REPORT_HELD; i++)
        printf(",\"%s\":[%" PRIu64 ",%" PRIu64 "]", held[i].json, held[i].warm, held[i].end);
    printf(",\"verified\":%s", report_is_verified(&s->all) ? "true" : "false");
    if (!report_is_verified(&s->all))
        printf(",\"wrong\":\"%s\"", s->all.check.first);
    printf("}\n");
}

void report_soak(const struct options *o, const struct soak *s)
{
    if (o->json) {
        report_soak_json(s);
        return;
    }
    report_soak_table(s);
    if (report_is_verified(&s->all))
        printf("verified, seed %" PRIu64 "\n", o->seed);
    else
        printf("WRONG: %s, seed %" PRIu64 "\n", s->all.check.first, o->seed);
}
