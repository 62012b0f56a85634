# SPDX-License-Identifier: MIT
# How weft's own targets are compiled and linked. All of it is private: nothing here reaches the
# programs that use the library.

include(CheckCCompilerFlag)

# Sets `result` to those of the flags that the C compiler knows.
function(weft_known_flags result)
    set(known)
    foreach(flag IN LISTS ARGN)
        string(MAKE_C_IDENTIFIER "WEFT_HAS${flag}" has)
        check_c_compiler_flag(${flag} ${has})
        if(${has})
            list(APPEND known ${flag})
        endif()
    endforeach()
    set(${result} ${known} PARENT_SCOPE)
endfunction()

# Without the first, the shared library would call its own functions through the linkage table.
weft_known_flags(WEFT_LIBRARY_FLAGS -fno-semantic-interposition)

set(WEFT_WARNINGS -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wvla)

# All symbols are bound when the library is loaded: binding one later would run the loader, and what
# it needs of stack, on a green thread's.
set(WEFT_SHARED_LINK_FLAGS LINKER:-z,relro,-z,now,-z,noexecstack,-z,nodelete)
if(NOT WEFT_SANITIZE)
    list(APPEND WEFT_SHARED_LINK_FLAGS LINKER:-z,defs)
endif()

# What the samples are linked with.
set(WEFT_LINKED weft::weft)
if(WEFT_STATIC)
    set(WEFT_LINKED weft::static)
endif()

# For every target of weft: the languages, the warnings, the sanitizers.
function(weft_defaults target)
    set_target_properties(${target} PROPERTIES
        C_STANDARD 11
        C_STANDARD_REQUIRED ON
        C_EXTENSIONS ON
        C_VISIBILITY_PRESET hidden
        CXX_STANDARD 17
        CXX_STANDARD_REQUIRED ON
        CXX_EXTENSIONS OFF)
    set(flags ${WEFT_WARNINGS})
    if(WEFT_WERROR)
        list(APPEND flags -Werror)
        target_link_options(${target} PRIVATE LINKER:--fatal-warnings)
    endif()
    target_link_options(${target} PRIVATE LINKER:--eh-frame-hdr) # for backtraces; musl-gcc forgets it
    get_target_property(kind ${target} TYPE)
    if(WEFT_STATIC AND kind STREQUAL "EXECUTABLE")
        target_link_options(${target} PRIVATE -static)
    endif()
    if(WEFT_SANITIZE)
        list(APPEND flags -fsanitize=${WEFT_SANITIZE} -fno-sanitize-recover=all
            -fno-omit-frame-pointer)
        target_link_options(${target} PRIVATE -fsanitize=${WEFT_SANITIZE})
    endif()
    if(WEFT_BUILD_FUZZ) # how deep a stack is says nothing where there are many
        list(APPEND flags -fsanitize=fuzzer-no-link -fno-sanitize-coverage=stack-depth)
    endif()
    target_compile_options(${target} PRIVATE "$<$<COMPILE_LANGUAGE:C,CXX>:${flags}>")
endfunction()

# For the library alone, which runs on small stacks. Sanitizers make frames larger than they are.
function(weft_library_warnings target)
    if(NOT WEFT_SANITIZE)
        target_compile_options(${target} PRIVATE
            $<$<COMPILE_LANGUAGE:C>:-Wframe-larger-than=2048>)
    endif()
endfunction()
