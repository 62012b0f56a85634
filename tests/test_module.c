/* SPDX-License-Identifier: MIT */
/* Whose code an address is, as it is found in static programs, with musl, and with glibc before 2.35:
 * by a walk over all objects that are loaded. */
#include "runtime/unwind/module.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char lies_in[PATH_MAX];

/* The file that the kernel has mapped at an address. */
static const char *file_at(uintptr_t address)
{
    FILE *maps = fopen("/proc/self/maps", "re");
    char *line = NULL;
    size_t size = 0;

    assert_non_null(maps);
    lies_in[0] = '\0';
    while (getline(&line, &size, maps) > 0) {
        unsigned long low, high;

        if (sscanf(line, "%lx-%lx %*s %*s %*s %*s %4095s", &low, &high, lies_in) >= 2 &&
            address >= low && address < high)
            break;
        lies_in[0] = '\0';
    }
    free(line);
    fclose(maps);
    return lies_in;
}

static int begin(void **state)
{
    (void)state;
    weft__unwind_init();
    return 0;
}

static void the_programs_own_code_is_so_far_into_its_file(void **state)
{
    struct weft_module here, there;

    (void)state;
    assert_true(weft__unwind_module((uintptr_t)file_at, &here));
    assert_true(weft__unwind_module((uintptr_t)begin, &there));
    assert_string_equal(here.path, file_at((uintptr_t)file_at));
    assert_string_equal(there.path, here.path);
    assert_true(there.offset - here.offset == (uintptr_t)begin - (uintptr_t)file_at);
    assert_ptr_equal(here.tables, there.tables);
}

/* In a static program this is the program's, too. */
static void a_librarys_code_lies_in_the_librarys_file(void **state)
{
    struct weft_module own, librarys;
    struct stat named, mapped;

    (void)state;
    assert_true(weft__unwind_module((uintptr_t)begin, &own));
    assert_true(weft__unwind_module((uintptr_t)getpid, &librarys));
    assert_int_equal(stat(librarys.path, &named), 0);
    assert_int_equal(stat(file_at((uintptr_t)getpid), &mapped), 0);
    assert_true(named.st_dev == mapped.st_dev && named.st_ino == mapped.st_ino);
    assert_int_equal(strcmp(own.path, librarys.path) == 0, own.tables == librarys.tables);
}

static void memory_is_of_no_module(void **state)
{
    struct weft_module none;

    (void)state;
    assert_false(weft__unwind_module(0, &none));
    assert_false(weft__unwind_module(1, &none));
    assert_false(weft__unwind_module((uintptr_t)&none, &none));
    assert_false(weft__unwind_module(UINTPTR_MAX, &none));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_programs_own_code_is_so_far_into_its_file),
        cmocka_unit_test(a_librarys_code_lies_in_the_librarys_file),
        cmocka_unit_test(memory_is_of_no_module),
    };

    return cmocka_run_group_tests_name("module", tests, begin, NULL);
}
