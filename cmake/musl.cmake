# SPDX-License-Identifier: MIT
# For musl on this machine's processor, by musl-gcc, which has no C++ library.

set(CMAKE_C_COMPILER musl-gcc)
set(CMAKE_CXX_COMPILER NOTFOUND)
