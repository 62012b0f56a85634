# SPDX-License-Identifier: MIT
# WEFT_COVERAGE: gcc's gcov counts what runs of the library, and of nothing else, in all processes of
# a program, those too that die. tools/coverage builds so.

set(weft_counts ${CMAKE_CURRENT_SOURCE_DIR}/tests/counts)

target_compile_options(weft_objects PRIVATE
    # -O0: each line is itself.
    "$<$<COMPILE_LANGUAGE:C>:--coverage;-fprofile-update=atomic;-fdata-sections;-O0>")
target_link_options(weft PRIVATE --coverage -T ${weft_counts}/counts.ld)
target_sources(weft PRIVATE ${weft_counts}/counts.c)
target_link_options(weft_static INTERFACE --coverage -T ${weft_counts}/counts.ld)
# The functions in headers are counted where they are, too. fork() and exec() stay what they are.
target_compile_options(weft_static INTERFACE
    "$<$<COMPILE_LANGUAGE:C>:--coverage;-fprofile-update=atomic;-fdata-sections;-fno-builtin>")
target_sources(weft_static INTERFACE $<BUILD_INTERFACE:${weft_counts}/counts.c>)
