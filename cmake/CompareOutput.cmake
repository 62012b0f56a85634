# SPDX-License-Identifier: MIT
# cmake -DPROGRAM=command -DEXPECT=file -DOUTPUT=file -P CompareOutput.cmake
# Runs the program, keeps its standard output in OUTPUT, and fails if its exit status is not 0 or its
# output differs from EXPECT in a single byte.

execute_process(COMMAND ${PROGRAM} OUTPUT_FILE ${OUTPUT} RESULT_VARIABLE status)
execute_process(COMMAND diff -u ${EXPECT} ${OUTPUT} RESULT_VARIABLE differs)
if(NOT status EQUAL 0)
    message(FATAL_ERROR "exit status: ${status}")
elseif(NOT differs EQUAL 0)
    message(FATAL_ERROR "the output is not what ${EXPECT} says")
endif()
