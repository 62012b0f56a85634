/* SPDX-License-Identifier: MIT */
#include "settings.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "calls.h"
#include "oracle.h"
#include "print.h"

struct weft_settings weft__settings = {.overflow = true};

enum { SETTINGS_REALTIME = 32 /* the kernel's first such signal; libc keeps some for itself */ };

/* ---- reports ---- */

static const struct {
    const char *word;
    uint32_t bits;
} settings_words[] = {
    {"leaks", WEFT__REPORT_LEAKS},
    {"stacks", WEFT__REPORT_STACKS},
    {"deadlocks", WEFT__REPORT_DEADLOCKS},
    {"all", WEFT__REPORT_ALL},
};

static uint32_t settings_word(const char *word, size_t length)
{
    for (size_t i = 0; i < sizeof settings_words / sizeof settings_words[0]; i++)
        if (strlen(settings_words[i].word) == length &&
            memcmp(settings_words[i].word, word, length) == 0)
            return settings_words[i].bits;
    return 0;
}

uint32_t weft__settings_parse_reports(const char *list, const char **unknown)
{
    uint32_t all = 0;

    *unknown = NULL;
    while (*list) {
        size_t length = strcspn(list, ",");
        uint32_t bits = settings_word(list, length);

        if (length > 0 && bits == 0 && !*unknown)
            *unknown = list;
        all |= bits;
        list += length;
        list += *list == ',';
    }
    return all;
}

static void settings_complain(const char *unknown)
{
    char buffer[WEFT__PRINT_BYTES];
    struct weft_print p = weft__print_to(STDERR_FILENO, buffer, sizeof buffer);

    weft__print(&p,
                "weft: WEFT_REPORT: '%s' is no report: there are leaks, stacks, deadlocks and "
                "all, with commas between them\n",
                unknown);
    weft__print_flush(&p);
}

uint32_t weft__settings_reports(void)
{
    enum { UNREAD = 1 << 30 };
    static uint32_t known = UNREAD;
    uint32_t bits = __atomic_load_n(&known, __ATOMIC_RELAXED);
    const char *list, *unknown;

    if (!(bits & UNREAD))
        return bits;
    list = weft__calls.getenv("WEFT_REPORT");
    bits = weft__settings_parse_reports(list ? list : "", &unknown);
    if (__atomic_exchange_n(&known, bits, __ATOMIC_RELAXED) & UNREAD && unknown)
        settings_complain(unknown);
    return bits;
}

/* ---- numbers, durations and signals ---- */

static int settings_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The decimal number that the text begins with, and where it ends; -1: none, or too large a one. */
static int64_t settings_number(const char *text, const char **end)
{
    int64_t n = 0;
    const char *at = text;

    for (; *at >= '0' && *at <= '9'; at++)
        if (__builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, *at - '0', &n))
            return -1;
    *end = at;
    return at == text ? -1 : n;
}

static int64_t settings_unit(const char *name)
{
    static const struct {
        const char *name;
        int64_t ns;
    } units[] = {{"ns", 1}, {"us", 1000}, {"ms", 1000000}, {"s", 1000000000}};

    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (strcmp(name, units[i].name) == 0)
            return units[i].ns;
    return -1;
}

int64_t weft__settings_duration(const char *text)
{
    const char *unit;
    int64_t n = settings_number(text, &unit), ns;

    if (n <= 0 || settings_unit(unit) < 0 || __builtin_mul_overflow(n, settings_unit(unit), &ns))
        return -1;
    return ns;
}

static const struct {
    const char *name;
    int signo;
} settings_signals[] = {
    {"HUP", SIGHUP},       {"INT", SIGINT},   {"QUIT", SIGQUIT}, {"ILL", SIGILL},
    {"TRAP", SIGTRAP},     {"ABRT", SIGABRT}, {"BUS", SIGBUS},   {"FPE", SIGFPE},
    {"KILL", SIGKILL},     {"USR1", SIGUSR1}, {"SEGV", SIGSEGV}, {"USR2", SIGUSR2},
    {"PIPE", SIGPIPE},     {"ALRM", SIGALRM}, {"TERM", SIGTERM}, {"CHLD", SIGCHLD},
    {"CONT", SIGCONT},     {"STOP", SIGSTOP}, {"TSTP", SIGTSTP}, {"TTIN", SIGTTIN},
    {"TTOU", SIGTTOU},     {"URG", SIGURG},   {"XCPU", SIGXCPU}, {"XFSZ", SIGXFSZ},
    {"VTALRM", SIGVTALRM}, {"PROF", SIGPROF}, {"IO", SIGIO},     {"WINCH", SIGWINCH},
    {"PWR", SIGPWR},       {"SYS", SIGSYS},
};

/* "RTMIN", "RTMIN+3" */
static int settings_realtime(const char *text)
{
    const char *end = text + strlen("RTMIN");
    int64_t beyond;

    if (strncmp(text, "RTMIN", strlen("RTMIN")) != 0)
        return -1;
    if (*end == '\0')
        return SIGRTMIN;
    beyond = *end == '+' ? settings_number(end + 1, &end) : -1;
    if (beyond < 0 || beyond > SIGRTMAX - SIGRTMIN || *end != '\0')
        return -1;
    return SIGRTMIN + (int)beyond;
}

int weft__settings_signal(const char *text)
{
    const char *end;
    int64_t number = settings_number(text, &end);

    if (number > 0 && number <= SIGRTMAX && *end == '\0')
        return number < SETTINGS_REALTIME || number >= SIGRTMIN ? (int)number : -1;
    if (strncmp(text, "SIG", strlen("SIG")) == 0)
        text += strlen("SIG");
    for (size_t i = 0; i < sizeof settings_signals / sizeof settings_signals[0]; i++)
        if (strcmp(text, settings_signals[i].name) == 0)
            return settings_signals[i].signo;
    return settings_realtime(text);
}

/* ---- variables ---- */

void weft__settings_ignore(const char *name, const char *value, const char *why)
{
    char buffer[WEFT__PRINT_BYTES];
    struct weft_print p = weft__print_to(STDERR_FILENO, buffer, sizeof buffer);

    weft__print(&p, "weft: %s=%s is ignored: %s\n", name, value, why);
    weft__print_flush(&p);
}

bool weft__settings_parse_seed(const char *text, uint64_t *seed)
{
    const bool is_hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    const char *at = is_hex ? text + 2 : text;
    const uint64_t base = is_hex ? 16 : 10;
    uint64_t n = 0;

    if (*at == '\0')
        return false;
    for (; *at; at++) {
        int digit = settings_digit(*at);

        if (digit < 0 || (uint64_t)digit >= base || __builtin_mul_overflow(n, base, &n) ||
            __builtin_add_overflow(n, (uint64_t)digit, &n))
            return false;
    }
    *seed = n;
    return true;
}

/* Of the time, and short, for people have to type it. */
static uint64_t settings_random_seed(void)
{
    static uint64_t drawn;
    uint64_t none = 0, seed;
    struct timespec now;

    weft__calls.clock_gettime(CLOCK_REALTIME, &now);
    seed = weft__oracle_mix((uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec) >> 32 | 1;
    __atomic_compare_exchange_n(&drawn, &none, seed, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
    return __atomic_load_n(&drawn, __ATOMIC_RELAXED);
}

bool weft__settings_seed(uint64_t *seed)
{
    static uint32_t is_told;
    const char *name = "WEFT_SEED", *text = weft__calls.getenv(name);

    if (!text || *text == '\0')
        return false;
    if (strcmp(text, "random") == 0) {
        *seed = settings_random_seed();
        return true;
    }
    if (weft__settings_parse_seed(text, seed))
        return true;
    if (!__atomic_exchange_n(&is_told, 1, __ATOMIC_RELAXED))
        weft__settings_ignore(name, text, "not a number; say 7, 0x1f or random");
    return false;
}

static void settings_read_overflow(void)
{
    const char *name = "WEFT_OVERFLOW", *text = weft__calls.getenv(name);

    if (!text || *text == '\0')
        return;
    if (strcmp(text, "off") == 0)
        weft__settings.overflow = false;
    else
        weft__settings_ignore(name, text, "the only value is off");
}

static bool settings_is_fault(int signo)
{
    return signo == SIGSEGV || signo == SIGBUS || signo == SIGILL || signo == SIGFPE ||
           signo == SIGTRAP;
}

static void settings_read_dump_signal(void)
{
    const char *name = "WEFT_DUMP_SIGNAL", *text = weft__calls.getenv(name);
    int signo;

    if (!text || *text == '\0')
        return;
    signo = weft__settings_signal(text);
    if (signo < 0)
        weft__settings_ignore(name, text, "no such signal; say USR1, SIGUSR1 or 10");
    else if (signo == SIGKILL || signo == SIGSTOP)
        weft__settings_ignore(name, text, "no program can handle that signal; say USR1");
    else if (settings_is_fault(signo))
        weft__settings_ignore(name, text, "that signal reports faults; say USR1");
    else if (signo == SIGURG)
        weft__settings_ignore(name, text, "the watchdog needs that signal; say USR1");
    else
        weft__settings.dump_signal = signo;
}

static void settings_read_watchdog(void)
{
    const char *name = "WEFT_WATCHDOG", *text = weft__calls.getenv(name);
    int64_t ns;

    if (!text || *text == '\0')
        return;
    ns = weft__settings_duration(text);
    if (ns < 0)
        weft__settings_ignore(name, text, "not a duration; say 100ms (or ns, us, s)");
    else
        weft__settings.watchdog_ns = ns;
}

void weft__settings_read(void)
{
    settings_read_overflow();
    settings_read_dump_signal();
    settings_read_watchdog();
}
