/* SPDX-License-Identifier: MIT */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weft.h>

#include "pattern.h"

static const char options_usage[] =
    "usage: weft-stress [--threads N] [--messages M] [--pattern NAME|all] [--stack BYTES]\n"
    "                   [--seed S] [--json] [--context registers|ucontext]\n"
    "       weft-stress --soak MESSAGES [--threads N] [--stack BYTES] [--seed S] [--json]\n"
    "                   [--context registers|ucontext]\n";

static const char options_help[] =
    "\n"
    "Runs green threads by the thousand through patterns of message passing, and checks that\n"
    "every value arrives exactly once and in its channel's order.\n"
    "\n"
    "  --threads N     green threads in each pattern, beside main: 10000\n"
    "  --messages M    messages in each pattern: as many as take about a second. Where a\n"
    "                  value takes several (pipeline, sieve, tree), the last is completed\n"
    "  --pattern NAME  that pattern only\n"
    "  --stack BYTES   address space for each stack, its guard page included: 65536\n"
    "  --seed S        of what is random in a pattern: 1\n"
    "  --json          one object a line, and nothing else, on standard output\n"
    "  --context NAME  how threads are switched: registers, or ucontext, the portable way; by\n"
    "                  default weft chooses\n"
    "  --soak MESSAGES all patterns at once in one process, in rounds, until so many messages\n"
    "                  have been received; with N threads in all: 1000\n"
    "  --help, --version\n"
    "\n"
    "Patterns:\n";

static const char options_columns[] =
    "\n"
    "Each pattern runs in a process of its own. What its line says:\n"
    "  threads       green threads, beside main\n"
    "  messages      values received, and checked\n"
    "  ns/message    from the first to be sent until all threads have ended, by the messages\n"
    "  messages/s    the same the other way round\n"
    "  bytes/thread  resident memory while all threads are alive, less what there was before the\n"
    "                first, by the threads: their stacks and records, and the pattern's channels\n"
    "                and tables too. Few threads bear the library's own memory\n"
    "  verified, or what is wrong\n"
    "\n"
    "Without --messages, whoever starts a message first takes leave for some at a time, and gets\n"
    "none once a second has passed; there is no trial run.\n"
    "\n"
    "A soak runs three patterns besides: upsets (pairs that give up and try again, are cancelled\n"
    "and replaced, as are their channels), groups (that fail, or are cancelled) and abandoned\n"
    "(generators that are closed at any place). After the warm-up, and when all is over, it looks\n"
    "at what the process holds of memory, mappings, descriptors and OS threads: verified means\n"
    "also that nothing has come to that, but for 16 pages of memory and two mappings.\n"
    "\n"
    "Exit status: 0 if all values are verified; 1 if not, or if the machine cannot hold so many\n"
    "threads; 2 for arguments that cannot be understood.\n";

enum {
    OPTIONS_THREADS = 10000,
    OPTIONS_THREADS_SOAK = 1000,
    OPTIONS_THREADS_MAX = 1000000000,
    OPTIONS_STACK_BYTES_MIN = 16 * 1024,
};
#define OPTIONS_STACK_BYTES_MAX ((uint64_t)1 << 36)
#define OPTIONS_MESSAGES_MAX ((uint64_t)1000000000 * 1000000000)

enum { THREADS, MESSAGES, PATTERN, STACK, SEED, JSON, CONTEXT, SOAK, HELP, VERSION };

static const struct option options_known[] = {
    [THREADS] = {"threads", required_argument, NULL, 0},
    [MESSAGES] = {"messages", required_argument, NULL, 0},
    [PATTERN] = {"pattern", required_argument, NULL, 0},
    [STACK] = {"stack", required_argument, NULL, 0},
    [SEED] = {"seed", required_argument, NULL, 0},
    [JSON] = {"json", no_argument, NULL, 0},
    [CONTEXT] = {"context", required_argument, NULL, 0},
    [SOAK] = {"soak", required_argument, NULL, 0},
    [HELP] = {"help", no_argument, NULL, 0},
    [VERSION] = {"version", no_argument, NULL, 0},
    {NULL, 0, NULL, 0},
};

__attribute__((noreturn, format(printf, 1, 2))) static void options_refuse(const char *format, ...)
{
    va_list values;

    fputs("weft-stress: ", stderr);
    va_start(values, format);
    vfprintf(stderr, format, values);
    va_end(values);
    fprintf(stderr, "\n%s", options_usage);
    exit(OPTIONS_EXIT_USAGE);
}

__attribute__((noreturn)) static void options_shown(void)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        exit(EXIT_SUCCESS);
    perror("weft-stress: standard output");
    exit(EXIT_FAILURE);
}

__attribute__((noreturn)) static void options_show_help(void)
{
    fputs(options_usage, stdout);
    fputs(options_help, stdout);
    for (const struct pattern *p = patterns; p->name; p++)
        printf("  %-14s%s\n", p->name, p->about);
    fputs(options_columns, stdout);
    options_shown();
}

__attribute__((noreturn)) static void options_show_version(void)
{
    printf("weft-stress %d.%d.%d\n", WEFT_VERSION_MAJOR, WEFT_VERSION_MINOR, WEFT_VERSION_PATCH);
    options_shown();
}

/* Decimal digits alone: no sign, no space, no unit. */
static uint64_t options_number(int option, const char *text, uint64_t least, uint64_t most)
{
    uint64_t number;

    errno = 0;
    number = strtoull(text, NULL, 10);
    if (*text == '\0' || text[strspn(text, "0123456789")] != '\0' || errno != 0 || number < least ||
        number > most)
        options_refuse("--%s: '%s' is not a number from %" PRIu64 " to %" PRIu64,
                       options_known[option].name, text, least, most);
    return number;
}

static const struct pattern *options_pattern(const char *name)
{
    const struct pattern *p = pattern_find(name);

    if (!p && strcmp(name, "all") != 0)
        options_refuse("--pattern: there is no pattern '%s'; --help names them", name);
    return p;
}

static const char *options_context(const char *name)
{
    if (strcmp(name, "registers") != 0 && strcmp(name, "ucontext") != 0)
        options_refuse("--context: '%s' is neither registers nor ucontext", name);
    return name;
}

static void options_set(struct options *o, int option, const char *value)
{
    switch (option) {
    case THREADS:
        o->threads = options_number(option, value, 1, OPTIONS_THREADS_MAX);
        break;
    case MESSAGES:
        o->messages = options_number(option, value, 1, OPTIONS_MESSAGES_MAX);
        break;
    case PATTERN:
        o->pattern = options_pattern(value);
        break;
    case STACK:
        o->stack_bytes =
            options_number(option, value, OPTIONS_STACK_BYTES_MIN, OPTIONS_STACK_BYTES_MAX);
        break;
    case SEED:
        o->seed = options_number(option, value, 0, UINT64_MAX);
        break;
    case JSON:
        o->json = true;
        break;
    case CONTEXT:
        o->context = options_context(value);
        break;
    case SOAK:
        o->soak = options_number(option, value, 1, OPTIONS_MESSAGES_MAX);
        break;
    case HELP:
        options_show_help();
    default:
        options_show_version();
    }
}

void options_parse(struct options *o, int argc, char **argv)
{
    int found, option = 0;

    *o = (struct options){.seed = 1};
    while ((found = getopt_long(argc, argv, "", options_known, &option)) == 0)
        options_set(o, option, optarg);
    if (found != -1) {
        fputs(options_usage, stderr); /* getopt has said what is wrong */
        exit(OPTIONS_EXIT_USAGE);
    }
    if (optind < argc)
        options_refuse("'%s' is no option", argv[optind]);
    if (o->soak && (o->messages || o->pattern))
        options_refuse("--soak: takes neither --messages nor --pattern");
    if (o->threads == 0)
        o->threads = o->soak ? OPTIONS_THREADS_SOAK : OPTIONS_THREADS;
}
