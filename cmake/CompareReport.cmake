# SPDX-License-Identifier: MIT
# cmake -DPROGRAM=command -DSTATUS=number -DEXPECT=file -DOUTPUT=file -P CompareReport.cmake
# Runs the program, keeps its standard error in OUTPUT, with what differs from run to run masked, and
# fails if its exit status or that text is not the expected one.
#
#     addresses     0x
#     frames        nothing: an optimised function that ends in a call has none
#     places        the file's name, line N
#     durations     T
#     sizes         S, in tables

execute_process(COMMAND ${PROGRAM} ERROR_VARIABLE text RESULT_VARIABLE status)
string(REGEX REPLACE "==[0-9]+==[^\n]*\n" "" text "${text}") # a sanitizer's own
string(REGEX REPLACE "qemu: [^\n]*\n" "" text "${text}")      # an emulator's
string(REGEX REPLACE "(    (#|\\.\\.\\.) ?[^\n]*\n)+" "" text "${text}")
string(REGEX REPLACE "0x[0-9a-f]+" "0x" text "${text}")
string(REGEX REPLACE "at [^ )\n]*/([^/ :)\n]+):[0-9]+" "at \\1:N" text "${text}")
string(REGEX REPLACE "[0-9.]+ [mun]?s to go" "T to go" text "${text}")
string(REGEX REPLACE "for (less than 1 ms|[0-9.]+ [mun]?s)" "for T" text "${text}")
string(REGEX REPLACE "  +[0-9.]+ [KM]iB" "  S" text "${text}")
file(WRITE ${OUTPUT} "${text}")
execute_process(COMMAND diff -u ${EXPECT} ${OUTPUT} RESULT_VARIABLE differs)
if(NOT status STREQUAL STATUS)
    message(FATAL_ERROR "exit status: ${status}")
elseif(NOT differs EQUAL 0)
    message(FATAL_ERROR "the report is not what ${EXPECT} says")
endif()
