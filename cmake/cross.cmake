# SPDX-License-Identifier: MIT
# Cross-compiles for CMAKE_SYSTEM_PROCESSOR by Debian's cross compiler; qemu-user runs what is built.

set(triple ${CMAKE_SYSTEM_PROCESSOR}-linux-gnu)
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_C_COMPILER ${triple}-gcc)
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-${CMAKE_SYSTEM_PROCESSOR} -L /usr/${triple})
set(CMAKE_FIND_ROOT_PATH /usr/${triple})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
find_program(WEFT_CROSS_CXX ${triple}-g++) # or none, and so none of the tests in C++
set(CMAKE_CXX_COMPILER ${WEFT_CROSS_CXX})
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
