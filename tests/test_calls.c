/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <weft.h>

#include "child.h"
#include "emulator.h"
#include "faults.h"
#include "runtime/calls.h"
#include "runtime/sched.h"
#include "runtime/worker.h"

static size_t page_bytes;

static char *new_pages(size_t n, int protection)
{
    char *pages = mmap(NULL, n * page_bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    assert_ptr_not_equal(pages, MAP_FAILED);
    return pages;
}

static void old_pages(char *pages, size_t n)
{
    assert_int_equal(munmap(pages, n * page_bytes), 0);
}

/* ---- what each entry does ---- */

static void no_entry_is_left_out(void **state)
{
    void (*entries[sizeof weft__calls / sizeof(void (*)(void))])(void);

    (void)state;
    memcpy(entries, &weft__calls, sizeof entries);
    for (size_t i = 0; i < sizeof entries / sizeof entries[0]; i++)
        assert_true(entries[i] != NULL);
}

static void touch_writes_into_a_page_that_may_be_written(void **state)
{
    char *page = new_pages(1, PROT_READ | PROT_WRITE);

    (void)state;
    assert_true(weft__calls.touch(page) >= 0);
    assert_int_not_equal(page[0], 0);
    old_pages(page, 1);
}

static void touch_answers_efault_where_nothing_may_be_written(void **state)
{
    const int protections[] = {PROT_NONE, PROT_READ};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        char *page = new_pages(1, protections[i]);

        errno = 0;
        assert_int_equal(weft__calls.touch(page), -1);
        assert_int_equal(errno, EFAULT);
        old_pages(page, 1);
    }
}

/* Older kernels have no such call, or not for the calling process: it then fails, and its callers
 * know another way. */
static void advice_about_many_ranges_is_carried_out_or_refused(void **state)
{
    char *pages = new_pages(3, PROT_READ | PROT_WRITE);
    struct iovec ranges[2] = {{pages, page_bytes}, {pages + 2 * page_bytes, page_bytes}};
    ssize_t done;

    (void)state;
    for (size_t i = 0; i < 3; i++)
        pages[i * page_bytes] = 'x';
    errno = 0;
    done = weft__calls.process_madvise(ranges, 2, MADV_DONTNEED);
    if (done < 0)
        assert_int_not_equal(errno, 0);
    else
        assert_int_equal(done, 2 * page_bytes);
    assert_int_equal(pages[0], done < 0 ? 'x' : 0);
    assert_int_equal(pages[page_bytes], 'x');
    assert_int_equal(pages[2 * page_bytes], done < 0 ? 'x' : 0);
    old_pages(pages, 3);
}

static int give_up_the_page(const void *argument)
{
    char *const *page = argument;
    struct iovec range = {*page, page_bytes};

    if (weft__calls.process_madvise(&range, 1, MADV_DONTNEED) < 0)
        return 0; /* an older kernel */
    return **page == 0 ? 0 : 1;
}

static void after_a_fork_advice_is_about_the_child(void **state)
{
    char *page = new_pages(1, PROT_READ | PROT_WRITE);
    struct child child;

    (void)state;
    *page = 'x';
    child = child_run(give_up_the_page, &page);
    assert_int_equal(child.status, 0);
    assert_int_equal(*page, 'x');
    old_pages(page, 1);
}

static void prctl_takes_an_option_and_its_value(void **state)
{
    int slack_ns = prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0);

    (void)state;
    assert_int_equal(weft__calls.prctl(PR_SET_TIMERSLACK, 12345), 0);
    assert_int_equal(prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0), 12345);
    weft__calls.prctl(PR_SET_TIMERSLACK, (unsigned long)slack_ns);
}

static void getenv_finds_what_is_set(void **state)
{
    (void)state;
    setenv("WEFT_TEST_CALLS", "here", 1);
    assert_string_equal(weft__calls.getenv("WEFT_TEST_CALLS"), "here");
    unsetenv("WEFT_TEST_CALLS");
    assert_null(weft__calls.getenv("WEFT_TEST_CALLS"));
}

static void own_memory_is_read_without_a_fault(void **state)
{
    char *pages = new_pages(2, PROT_READ | PROT_WRITE),
         *copy = new_pages(2, PROT_READ | PROT_WRITE);

    (void)state;
    if (is_emulated())
        skip();
    memset(pages, 'x', 2 * page_bytes);
    assert_int_equal(weft__calls.peek(copy, (uintptr_t)pages, 2 * page_bytes), 2 * page_bytes);
    assert_memory_equal(copy, pages, 2 * page_bytes);
    assert_int_equal(mprotect(pages + page_bytes, page_bytes, PROT_NONE), 0);
    assert_int_equal(weft__calls.peek(copy, (uintptr_t)pages, 2 * page_bytes), page_bytes);
    errno = 0;
    assert_int_equal(weft__calls.peek(copy, (uintptr_t)pages + page_bytes, page_bytes), -1);
    assert_int_equal(errno, EFAULT);
    old_pages(pages, 2);
    old_pages(copy, 2);
}

static void files_are_opened_for_reading(void **state)
{
    int fd = weft__calls.open("/proc/self/status"); /* maps an emulator makes up */
    char text[8];

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC); /* no program that is started gets it */
    assert_int_equal(weft__calls.pread(fd, text, sizeof text, 4), sizeof text);
    assert_int_equal(weft__calls.close(fd), 0);
    assert_int_equal(weft__calls.open("/proc/self/no such file"), -1);
}

static void readlink_says_how_long_a_links_text_is(void **state)
{
    char text[4096];

    (void)state;
    assert_true(weft__calls.readlink("/proc/self/exe", text, sizeof text) > 0);
    assert_int_equal(text[0], '/');
    assert_int_equal(weft__calls.readlink("/", text, sizeof text), -1);
    assert_int_equal(errno, EINVAL);
}

/* ---- that the library calls what is in the table, and when ---- */

static int with_faults(void **state)
{
    (void)state;
    setenv("WEFT_CLOCK", "virtual", 1);
    faults_install();
    return 0;
}

static int without_faults(void **state)
{
    (void)state;
    faults_remove();
    if (weft__self)
        weft__worker_end(weft__self);
    return 0;
}

static void everything_the_library_has_came_through_the_table(void **state)
{
    chan(int) c = chan_new(int);

    (void)state;
    assert_non_null(c);
    go(weft_yield);
    weft_yield();
    assert_int_equal(faults_counts[FAULT_MALLOC], 1 + 1 + 1 + 2); /* channel; slabs; rings */
    assert_int_equal(faults_counts[FAULT_CALLOC], 1 + 1);         /* worker; run queue */
    assert_int_not_equal(faults_counts[FAULT_MMAP], 0);
    chan_free(c);
    assert_int_equal(faults_counts[FAULT_FREE], 1);
}

static void what_an_entry_refuses_the_library_does_not_get(void **state)
{
    (void)state;
    weft_yield();
    faults_fail(1 << FAULT_MALLOC, 1, 1);
    assert_null(chan_new(int));
    assert_true(faults->has_failed);
}

/* TSan leaves its traces in the registers of arguments, which are then kept as if they were
 * some. */
#ifndef WEFT__TSAN

enum { ROUNDS = 300, PAIRS = 20 };

static void send_all(chan_tx(int) c)
{
    for (int i = 0; i < ROUNDS; i++)
        chan_send(c, i);
}

static void receive_all(chan_rx(int) c)
{
    for (int i = 0; i < ROUNDS; i++)
        chan_recv(c, NULL);
}

static void select_all(chan_rx(int) c)
{
    for (int i = 0; i < ROUNDS; i++)
        chan_select(chan_case_recv(c, NULL), chan_case_timeout(WEFT_SEC(1)));
}

static void yield_all(void)
{
    for (int i = 0; i < ROUNDS; i++)
        weft_yield();
}

static int twice(int n)
{
    return 2 * n;
}

static void count_up(gen(int) self)
{
    for (int i = 0; gen_yield(self, i) == 0; i++)
        ;
}

static void messages(chan(int) c)
{
    for (int i = 0; i < PAIRS; i++) {
        go(send_all, c);
        if (i % 2 == 0)
            go(receive_all, c);
        else
            go(select_all, c);
    }
}

static void everything_once(chan(int) c, gen(int) g)
{
    task(int) t[PAIRS];

    for (int i = 0; i < ROUNDS; i++)
        gen_next(g, NULL);
    messages(c);
    go(yield_all);
    for (int i = 0; i < PAIRS; i++)
        t[i] = spawn(twice, i);
    for (int i = 0; i < PAIRS; i++)
        task_join(t[i]);
    go(send_all, c);
    for (int i = 0; i < ROUNDS; i++)
        weft_within(WEFT_SEC(1), chan_recv(c, NULL));
    weft_sleep(WEFT_SEC(1)); /* not so long that memory is given back */
}

static void nothing_is_called_once_the_library_is_warm(void **state)
{
    chan(int) c = chan_new(int);
    gen(int) g = gen_new(int, count_up);
    uint32_t before;

    (void)state;
    everything_once(c, g);
    before = faults_counted();
    everything_once(c, g);
    assert_int_equal(faults_counted(), before);
    gen_close(g);
    chan_free(c);
}

#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_entry_is_left_out),
        cmocka_unit_test(touch_writes_into_a_page_that_may_be_written),
        cmocka_unit_test(touch_answers_efault_where_nothing_may_be_written),
        cmocka_unit_test(advice_about_many_ranges_is_carried_out_or_refused),
        cmocka_unit_test(after_a_fork_advice_is_about_the_child),
        cmocka_unit_test(prctl_takes_an_option_and_its_value),
        cmocka_unit_test(getenv_finds_what_is_set),
        cmocka_unit_test(own_memory_is_read_without_a_fault),
        cmocka_unit_test(files_are_opened_for_reading),
        cmocka_unit_test(readlink_says_how_long_a_links_text_is),
        cmocka_unit_test_setup_teardown(everything_the_library_has_came_through_the_table,
                                        with_faults, without_faults),
        cmocka_unit_test_setup_teardown(what_an_entry_refuses_the_library_does_not_get, with_faults,
                                        without_faults),
#ifndef WEFT__TSAN
        cmocka_unit_test_setup_teardown(nothing_is_called_once_the_library_is_warm, with_faults,
                                        without_faults),
#endif
    };

    page_bytes = (size_t)sysconf(_SC_PAGESIZE);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
