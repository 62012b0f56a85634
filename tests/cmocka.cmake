# SPDX-License-Identifier: MIT
# weft_cmocka: CMocka as the system has it, or for other processors and C libraries its source.

set(WEFT_CMOCKA "" CACHE PATH "The source of a CMocka to be compiled; without it pkg-config finds one")

if(NOT WEFT_CMOCKA)
    find_package(PkgConfig REQUIRED)
    pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka)
    add_library(weft_cmocka ALIAS PkgConfig::CMOCKA)
    return()
endif()

if(NOT EXISTS ${WEFT_CMOCKA}/src/cmocka.c)
    message(FATAL_ERROR "There is no CMocka in ${WEFT_CMOCKA}: tools/cmocka fetches it")
endif()
# What its own configuration would find on every Linux.
add_library(weft_cmocka STATIC ${WEFT_CMOCKA}/src/cmocka.c)
target_include_directories(weft_cmocka SYSTEM PUBLIC ${WEFT_CMOCKA}/include)
target_compile_definitions(weft_cmocka PRIVATE
    HAVE_MALLOC_H HAVE_INTTYPES_H HAVE_SIGNAL_H HAVE_STRINGS_H HAVE_STRUCT_TIMESPEC
    HAVE_CLOCK_REALTIME HAVE_CLOCK_GETTIME HAVE_SIGLONGJMP HAVE_STRSIGNAL
    HAVE_GCC_THREAD_LOCAL_STORAGE)
