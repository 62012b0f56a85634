/* SPDX-License-Identifier: MIT */
/* Child processes have threads of their own: four that are forked before the first call of weft,
 * and one that main forks later. With --kill, child 2 is killed half-way, and main says so. */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <weft.h>

enum { EARLY = 4, CHILDREN = EARLY + 1, TASKS = 2500 };

struct child {
    pid_t pid;
    int64_t took_ns; /* the child's own measure, in memory that it shares with main */
};

static int run(struct child *me, bool dies)
{
    static task(int) tasks[TASKS];
    int64_t start_ns = weft_now();
    int error, failed = 0;

    for (int i = 0; i < TASKS; i++)
        tasks[i] = spawn(weft_sleep, WEFT_SEC(1));
    if (dies) {
        weft_sleep(WEFT_MS(500));
        raise(SIGKILL);
    }
    for (int i = 0; i < TASKS; i++)
        failed |= task_join(tasks[i], &error) < 0 || error < 0;
    me->took_ns = weft_now() - start_ns;
    return failed;
}

static void start(struct child *child, bool dies)
{
    pid_t pid;

    fflush(stdout); /* or the child would have its own copy of what is still to be written */
    pid = fork();
    if (pid == 0)
        _exit(run(child, dies));
    child->pid = pid;
}

/* Waits until the child has ended, in whatever way; true: as it should. */
static bool report(const struct child *child, int i)
{
    int status = -1;

    if (child->pid < 0 || waitpid(child->pid, &status, 0) < 0)
        printf("child %d could not be started\n", i);
    else if (WIFSIGNALED(status))
        printf("child %d was killed by signal %d\n", i, WTERMSIG(status));
    else
        printf("child %d: exit status %d, %d tasks of one second took %.3f s\n", i,
               WEXITSTATUS(status), TASKS, (double)child->took_ns / 1e9);
    return status == 0;
}

int main(int argc, char **argv)
{
    bool kills = argc > 1 && strcmp(argv[1], "--kill") == 0, right = true;
    size_t size = CHILDREN * sizeof(struct child);
    struct child *children =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    task(int) asleep;

    if (children == MAP_FAILED)
        return 1;
    for (int i = 0; i < EARLY; i++)
        start(&children[i], kills && i == 2);
    for (int i = 0; i < EARLY; i++)
        right = report(&children[i], i) && right;

    asleep = spawn(weft_sleep, WEFT_SEC(1));
    weft_yield(); /* it runs, and parks: main's threads do not go into a child */
    start(&children[EARLY], false);
    right = report(&children[EARLY], EARLY) && task_join(asleep) == 0 && right;
    munmap(children, size);
    return right ? 0 : 1;
}
