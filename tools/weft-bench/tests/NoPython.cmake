# SPDX-License-Identifier: MIT
# cmake -DSOURCE=folder -DBUILD=folder -P NoPython.cmake
# Where there is no Python the project is configured all the same, without the driver.

file(REMOVE_RECURSE ${BUILD})
execute_process(
    COMMAND ${CMAKE_COMMAND} -S ${SOURCE} -B ${BUILD} -DCMAKE_DISABLE_FIND_PACKAGE_Python3=ON
        -DWEFT_BUILD_TESTS=OFF -DWEFT_BUILD_SAMPLES=OFF -DWEFT_BUILD_PEERS=OFF
    RESULT_VARIABLE status)
if(NOT status EQUAL 0)
    message(FATAL_ERROR "exit status: ${status}")
elseif(EXISTS ${BUILD}/tools/weft-bench)
    message(FATAL_ERROR "there is a driver")
endif()
