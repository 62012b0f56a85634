# SPDX-License-Identifier: MIT
# Installs the libraries, the headers, and what find_package and pkg-config read. Everything in the
# prefix is found from where it lies, so that the prefix may be moved.

include(CMakePackageConfigHelpers)

foreach(header IN LISTS WEFT_HEADERS)
    cmake_path(GET header PARENT_PATH folder)
    string(REGEX REPLACE "^include" "${CMAKE_INSTALL_INCLUDEDIR}" folder ${folder})
    install(FILES ${header} DESTINATION ${folder})
endforeach()

install(TARGETS weft weft_static EXPORT weftTargets
    LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})

install(PROGRAMS tools/weft-lines DESTINATION ${CMAKE_INSTALL_BINDIR})

set(weft_package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/weft)
install(EXPORT weftTargets NAMESPACE weft:: DESTINATION ${weft_package_folder})
configure_package_config_file(cmake/weftConfig.cmake.in weftConfig.cmake
    INSTALL_DESTINATION ${weft_package_folder}
    NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(weftConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES
    cmake/WeftStackClash.cmake
    ${CMAKE_CURRENT_BINARY_DIR}/weftConfig.cmake
    ${CMAKE_CURRENT_BINARY_DIR}/weftConfigVersion.cmake
    DESTINATION ${weft_package_folder})

# weft.pc finds the prefix from its own place, LIBDIR/pkgconfig, whatever LIBDIR is: lib, lib64,
# lib/x86_64-linux-gnu. Folders that were given as absolute ones stay so.
set(weft_pc_prefix ${CMAKE_INSTALL_PREFIX})
if(NOT IS_ABSOLUTE ${CMAKE_INSTALL_LIBDIR})
    file(RELATIVE_PATH weft_pc_prefix /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
    string(REGEX REPLACE "/$" "" weft_pc_prefix "\${pcfiledir}/${weft_pc_prefix}")
endif()
foreach(folder IN ITEMS LIBDIR INCLUDEDIR)
    set(weft_pc_${folder} "\${prefix}/${CMAKE_INSTALL_${folder}}")
    if(IS_ABSOLUTE ${CMAKE_INSTALL_${folder}})
        set(weft_pc_${folder} ${CMAKE_INSTALL_${folder}})
    endif()
endforeach()
configure_file(cmake/weft.pc.in weft.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/weft.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

# For gdb: by hand from a place that does not depend on the library folder's name, and by itself if
# the prefix is gdb's own: it looks there for a file named as the library with its folder.
install(FILES tools/weft-gdb.py DESTINATION ${CMAKE_INSTALL_DATADIR}/weft/gdb)
install(FILES tools/weft-gdb.py
    DESTINATION ${CMAKE_INSTALL_DATADIR}/gdb/auto-load${CMAKE_INSTALL_FULL_LIBDIR}
    RENAME libweft.so.${PROJECT_VERSION}-gdb.py)
