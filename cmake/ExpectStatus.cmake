# SPDX-License-Identifier: MIT
# cmake -DPROGRAM=command -DSTATUS=number -P ExpectStatus.cmake
# Fails if the program does not end with that exit status.

execute_process(COMMAND ${PROGRAM} RESULT_VARIABLE status)
if(NOT status STREQUAL STATUS)
    message(FATAL_ERROR "exit status: ${status}, not ${STATUS}")
endif()
