/* SPDX-License-Identifier: MIT */
#include "report.h"

#include <inttypes.h>
#include <stdio.h>

#include "options.h"
#include "pattern.h"
#include "run.h"

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
