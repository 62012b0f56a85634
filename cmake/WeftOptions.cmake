# SPDX-License-Identifier: MIT
# The choices of a build. Those that only weft's developers need are off in a project that embeds it.

option(WEFT_BUILD_TESTS "Build the tests (needs CMocka and a C++ compiler)" ${PROJECT_IS_TOP_LEVEL})
option(WEFT_BUILD_SAMPLES "Build the samples" ${PROJECT_IS_TOP_LEVEL})
option(WEFT_BUILD_TOOLS "Build weft-stress and weft-bench" ${PROJECT_IS_TOP_LEVEL})
option(WEFT_INSTALL "Make the install rules" ${PROJECT_IS_TOP_LEVEL})
option(WEFT_BUILD_FUZZ "Build the fuzzers (clang alone has what they need)" OFF)
option(WEFT_COVERAGE "Count what runs of the library (gcc alone; for tools/coverage)" OFF)
option(WEFT_STATIC "Link tests, samples and tools statically, the C library too" OFF)
option(WEFT_WERROR "Make warnings errors" OFF)
set(WEFT_SANITIZE "" CACHE STRING "Sanitizers for all of weft: address,undefined or thread or memory")

get_property(weft_multi_config GLOBAL PROPERTY GENERATOR_IS_MULTI_CONFIG)
if(PROJECT_IS_TOP_LEVEL AND NOT weft_multi_config AND NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE Release CACHE STRING "Debug, Release, RelWithDebInfo or MinSizeRel" FORCE)
endif()
