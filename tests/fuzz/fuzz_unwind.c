/* SPDX-License-Identifier: MIT */
/* Bytes are registers and a stack, which is not to be trusted; the tables are this program's own. What
 * is walked is between two pages that nobody may read. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "runtime/unwind/unwind.h"

enum { STACK_BYTES = 4096, FRAMES = 64, OUTER = 8, WORDS = STACK_BYTES / sizeof(uint64_t) };

static uint64_t *stack;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    char *pages = mmap(NULL, 3 * STACK_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    (void)argc;
    (void)argv;
    weft__unwind_init();
    if (pages == MAP_FAILED || sysconf(_SC_PAGESIZE) != STACK_BYTES)
        abort();
    stack = (uint64_t *)(void *)(pages + STACK_BYTES);
    return mprotect(stack, STACK_BYTES, PROT_READ | PROT_WRITE);
}

/* Two bytes are a word: of code, of the stack, or just a number. */
static uint64_t word_of(const uint8_t *bytes)
{
    static const uint8_t *const code[] = {
        (const uint8_t *)(uintptr_t)weft__unwind,
        (const uint8_t *)(uintptr_t)weft__unwind_module,
        (const uint8_t *)(uintptr_t)LLVMFuzzerTestOneInput,
        (const uint8_t *)(uintptr_t)LLVMFuzzerInitialize,
        (const uint8_t *)(uintptr_t)qsort,
        (const uint8_t *)(uintptr_t)system,
    };
    const size_t low = bytes[0], high = bytes[1];

    if (high < 160)
        return (uint64_t)(uintptr_t)(code[high % (sizeof code / sizeof code[0])] + 2 * low);
    if (high < 240)
        return (uint64_t)(uintptr_t)stack + 8 * (low + 256 * (high % 2)) + high % 3;
    return (low << 56) + high;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct weft_registers from = {.pc = 0};
    uintptr_t frames[FRAMES];
    size_t found, words = 0;

    memset(stack, 0, STACK_BYTES);
    for (; n >= 2 && words < WEFT__REGISTERS; bytes += 2, n -= 2)
        from.at[words++] = word_of(bytes);
    from.pc = from.at[0];
    from.pc_is_return = n % 2 != 0;
    for (words = 0; n >= 2 && words < WORDS; bytes += 2, n -= 2)
        stack[words++] = word_of(bytes);
    found = weft__unwind(&from, stack, stack + WORDS, frames, FRAMES, OUTER);
    if (found > STACK_BYTES + 1) /* each frame lies above the one before */
        abort();
    return 0;
}
