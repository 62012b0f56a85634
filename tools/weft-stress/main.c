/* SPDX-License-Identifier: MIT */
/* weft-stress: thousands of green threads through every pattern, every value accounted for.
 *
 * Each pattern runs in a process of its own. So its memory is measured from a clean start, a
 * pattern that crashes, hangs in a deadlock or is killed takes no other with it, and what
 * watches and reports is no part of what is measured: this process never makes a green thread. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <weft.h>

#include "limits.h"
#include "options.h"
#include "pattern.h"
#include "progress.h"
#include "report.h"
#include "run.h"
#include "soak.h"

enum { MAIN_EXIT_DEADLOCK = 2 }; /* the library's, when nothing can ever run again */

__attribute__((noreturn)) static void main_fail(const char *call)
{
    fprintf(stderr, "weft-stress: %s: %s\n", call, strerror(errno));
    exit(EXIT_FAILURE);
}

static size_t main_threads(const struct options *o, const struct pattern *p)
{
    return p->threads_max > 0 && o->threads > p->threads_max ? p->threads_max : o->threads;
}

/* What a stack takes of the address space: a power of two. */
static size_t main_stack_bytes(const struct options *o)
{
    size_t bytes = LIMITS_STACK_BYTES;

    if (o->stack_bytes == 0)
        return bytes;
    for (bytes = 1; bytes < o->stack_bytes; bytes *= 2)
        ;
    return bytes;
}

static void main_prepare(struct run *r, const struct options *o, const struct pattern *p)
{
    *r = (struct run){
        .threads = main_threads(o, p),
        .seed = o->seed,
        .stack_bytes = main_stack_bytes(o),
    };
    quota_init(&r->quota, o->soak ? o->soak : o->messages);
}

/* In the child: it holds the pipe's writing end until it ends, however that comes about. */
__attribute__((noreturn)) static void main_child(struct run *r, const struct pattern *p,
                                                 pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        exit(EXIT_FAILURE);
    p->run(r);
    exit(EXIT_SUCCESS);
}

/* Draws the bar until the child has ended: its status. */
static int main_watch(struct run *r, const struct pattern *p, pid_t child, int ends)
{
    struct pollfd end = {.fd = ends};
    bool seen = progress_is_seen();
    int status;

    while (poll(&end, 1, seen ? PROGRESS_MS : -1) != 1)
        if (seen)
            progress_draw(p->name, quota_done(&r->quota));
    if (waitpid(child, &status, 0) != child)
        main_fail("waitpid");
    if (seen)
        progress_erase();
    return status;
}

static bool main_was_refused(int status)
{
    return WIFEXITED(status) && WEXITSTATUS(status) == RUN_EXIT_REFUSED;
}

/* Why the process did not come to its end, or came to a bad one. */
static void main_explain(struct run *r, int status)
{
    if (WIFSIGNALED(status))
        check_fail(&r->check, "killed by signal %d (%s)", WTERMSIG(status),
                   strsignal(WTERMSIG(status)));
    else if (WEXITSTATUS(status) == MAIN_EXIT_DEADLOCK)
        check_fail(&r->check, "no thread could run any more: see standard error");
    else
        check_fail(&r->check, "ended with status %d", WEXITSTATUS(status));
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
        fprintf(stderr, "weft-stress: if it was the kernel that killed it, memory is the limit: "
                        "give the machine, or this process's control group, more, or take fewer "
                        "threads\n");
}

/* Runs the pattern in a child process: whether it could be tried. */
static bool main_run(const struct options *o, const struct pattern *p, struct run *r)
{
    pid_t parent = getpid(), child;
    int ends[2], status;

    main_prepare(r, o, p);
    if (pipe(ends) != 0)
        main_fail("pipe");
    child = fork();
    if (child < 0)
        main_fail("fork");
    if (child == 0) {
        close(ends[0]);
        main_child(r, p, parent);
    }
    close(ends[1]);
    status = main_watch(r, p, child, ends[0]);
    close(ends[0]);
    if (main_was_refused(status))
        return false;
    if (!r->is_over || status != 0)
        main_explain(r, status);
    return true;
}

/* Before the first call into the library, which reads its environment once. */
static void main_set_up(const struct options *o)
{
    if (o->context && setenv("WEFT_CONTEXT", o->context, 1) != 0)
        main_fail("setenv");
    if (o->stack_bytes && weft_stack_default(o->stack_bytes) != 0) {
        fprintf(stderr, "weft-stress: --stack: the library has no stacks of that size\n");
        exit(OPTIONS_EXIT_USAGE);
    }
}

/* Whoever reads the lines must know that some are missing. */
static bool main_said_all(void)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return true;
    fprintf(stderr, "weft-stress: standard output: %s\n", strerror(errno));
    return false;
}

/* All patterns, or the one that was asked for: whether every value was verified. */
static bool main_patterns(const struct options *o, struct run *r, int64_t begin_ns)
{
    unsigned ran = 0, verified = 0;

    for (const struct pattern *p = patterns; p->name; p++) {
        if (o->pattern && o->pattern != p)
            continue;
        if (!main_run(o, p, r))
            return false;
        if (ran++ == 0)
            report_head(o);
        report_line(o, p, r);
        verified += report_is_verified(r);
    }
    report_foot(o, verified, ran, quota_now() - begin_ns);
    return verified == ran;
}

static bool main_soak(const struct options *o, struct soak *s)
{
    if (!main_run(o, &soak_pattern, &s->all))
        return false;
    report_soak(o, s);
    return report_is_verified(&s->all);
}

int main(int argc, char **argv)
{
    int64_t begin_ns = quota_now();
    struct options o;
    struct soak *s;
    bool is_good;

    options_parse(&o, argc, argv);
    main_set_up(&o);
    if (!limits_allow(o.pattern ? main_threads(&o, o.pattern) : o.threads))
        return EXIT_FAILURE;
    s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (s == MAP_FAILED)
        main_fail("mmap");
    is_good = o.soak ? main_soak(&o, s) : main_patterns(&o, &s->all, begin_ns);
    return main_said_all() && is_good ? EXIT_SUCCESS : EXIT_FAILURE;
}
