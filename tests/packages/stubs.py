"""Stand-ins for the CMake functions of Zephyr and ESP-IDF that build with this machine's compiler.

They do what the real ones do for a library: Zephyr links its libraries whole and takes its
configuration from prj.conf; ESP-IDF searches EXTRA_COMPONENT_DIRS and gives `main` all components.
"""

from __future__ import annotations

from pathlib import Path

_ZEPHYR = r"""
file(STRINGS ${CMAKE_SOURCE_DIR}/prj.conf settings REGEX "^CONFIG_")
foreach(setting ${settings})
    string(REGEX MATCH "^(CONFIG_[A-Z0-9_]+)=(.*)$" found ${setting})
    set(${CMAKE_MATCH_1} ${CMAKE_MATCH_2})
endforeach()
enable_language(C)
add_library(zephyr_interface INTERFACE)
target_include_directories(zephyr_interface INTERFACE ${Zephyr_DIR}/include)
add_executable(app)
target_link_libraries(app PRIVATE zephyr_interface)

function(zephyr_include_directories)
    foreach(folder ${ARGN})
        target_include_directories(zephyr_interface INTERFACE ${CMAKE_CURRENT_SOURCE_DIR}/${folder})
    endforeach()
endfunction()
macro(zephyr_library_named name)
    set(ZEPHYR_CURRENT_LIBRARY ${name})
    add_library(${name} STATIC)
    target_link_libraries(${name} PRIVATE zephyr_interface)
    target_link_libraries(app PRIVATE -Wl,--whole-archive ${name} -Wl,--no-whole-archive)
endmacro()
function(zephyr_library_sources)
    target_sources(${ZEPHYR_CURRENT_LIBRARY} PRIVATE ${ARGN})
endfunction()
function(zephyr_library_compile_options)
    target_compile_options(${ZEPHYR_CURRENT_LIBRARY} PRIVATE ${ARGN})
endfunction()

foreach(module ${EXTRA_ZEPHYR_MODULES})
    file(STRINGS ${module}/zephyr/module.yml lines)
    list(GET lines 0 first)
    string(REGEX REPLACE "^name: " "" name ${first})
    file(STRINGS ${module}/Kconfig symbols REGEX "^config ")
    message(STATUS "module ${name}: ${symbols}")
    add_subdirectory(${module} ${CMAKE_BINARY_DIR}/modules/${name})
endforeach()
"""

_IDF = r"""
macro(idf_component_register)
    cmake_parse_arguments(given "" "" "SRCS;INCLUDE_DIRS;REQUIRES" ${ARGN})
    get_filename_component(component ${CMAKE_CURRENT_SOURCE_DIR} NAME)
    set(COMPONENT_LIB __idf_${component})
    add_library(${COMPONENT_LIB} STATIC ${given_SRCS})
    target_include_directories(${COMPONENT_LIB} PUBLIC ${given_INCLUDE_DIRS})
    set_property(GLOBAL APPEND PROPERTY COMPONENTS ${COMPONENT_LIB})
endmacro()
macro(project name)
    _project(${name} C)
    foreach(folder ${EXTRA_COMPONENT_DIRS})
        get_filename_component(folder ${folder} ABSOLUTE)
        get_filename_component(component ${folder} NAME)
        add_subdirectory(${folder} ${CMAKE_BINARY_DIR}/${component})
    endforeach()
    get_property(components GLOBAL PROPERTY COMPONENTS)
    add_subdirectory(main)
    target_link_libraries(__idf_main PRIVATE ${components})
    file(WRITE ${CMAKE_BINARY_DIR}/start.c "void app_main(void); int main(void) { app_main(); }")
    add_executable(app ${CMAKE_BINARY_DIR}/start.c)
    target_link_libraries(app PRIVATE __idf_main ${components})
endmacro()
"""


def zephyr(folder: Path) -> Path:
    """A folder for Zephyr_DIR."""
    (folder / "include" / "zephyr").mkdir(parents=True)
    (folder / "ZephyrConfig.cmake").write_text(_ZEPHYR)
    header = "#include <stdio.h>\n#define printk printf\n"
    (folder / "include" / "zephyr" / "kernel.h").write_text(header)
    return folder


def idf(folder: Path) -> Path:
    """A folder for IDF_PATH."""
    place = folder / "tools" / "cmake"
    place.mkdir(parents=True)
    (place / "project.cmake").write_text(_IDF)
    return folder
