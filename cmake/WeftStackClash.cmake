# SPDX-License-Identifier: MIT
# weft_protect_stacks(target...): whoever links with these compiles with -fstack-clash-protection, in
# C and in C++, where the compiler takes it without a warning. With it a frame that is larger than a
# stack's guard page touches the guard; without it the frame may lie in another thread's stack.
#
# Installed too, because it asks the compiler of whoever uses the library, and not of who built it.

include(CheckCCompilerFlag)
include(CheckCXXCompilerFlag)

function(weft_protect_stacks)
    set(CMAKE_REQUIRED_FLAGS "${CMAKE_REQUIRED_FLAGS} -Werror")
    get_property(languages GLOBAL PROPERTY ENABLED_LANGUAGES)
    if(C IN_LIST languages)
        check_c_compiler_flag(-fstack-clash-protection WEFT_C_STACK_CLASH)
    endif()
    if(CXX IN_LIST languages)
        check_cxx_compiler_flag(-fstack-clash-protection WEFT_CXX_STACK_CLASH)
    endif()
    foreach(language IN ITEMS C CXX)
        if(WEFT_${language}_STACK_CLASH)
            set_property(TARGET ${ARGN} APPEND PROPERTY INTERFACE_COMPILE_OPTIONS
                $<BUILD_INTERFACE:$<$<COMPILE_LANGUAGE:${language}>:-fstack-clash-protection>>)
        endif()
    endforeach()
endfunction()
