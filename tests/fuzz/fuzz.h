/* SPDX-License-Identifier: MIT */
/* What libFuzzer calls, and calls itself by. */
#ifndef WEFT_TESTS_FUZZ_FUZZ_H
#define WEFT_TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Once, before all else; answers 0. */
int LLVMFuzzerInitialize(int *argc, char ***argv);

/* Tries one input; answers 0. A wrong answer ends it by abort(). */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

#endif
