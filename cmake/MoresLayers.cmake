set(MORES_TEST_SUPPORT ${CMAKE_BINARY_DIR}/test_support)
file(MAKE_DIRECTORY ${MORES_TEST_SUPPORT})
file(CREATE_LINK ${CMAKE_SOURCE_DIR}/tests/support ${MORES_TEST_SUPPORT}/support SYMBOLIC)

# mores_layer(NAME [HOT] [TOGETHER n] [ALONE file...] USES layer... PACKAGES target...)
#
# Builds the sources in src/NAME and its subfolders (tests and fuzz targets apart) as the library
# mores_NAME. Its headers are visible only to the layers that use it: each layer's include folder
# holds nothing but a link to its own sources, so a layer that includes one above it, or beside it,
# fails to compile. Every *_test.cc among them becomes a test; nothing else registers one. What
# tests share lies in tests/support, which tests alone can include.
#
# HOT: optimised at -O3, for speed of the product, not of the build.
# TOGETHER, ALONE: how many sources a bundle has (mores_bundles), and which, as named below
# src/NAME, are never compiled with others.
function(mores_layer name)
  cmake_parse_arguments(ARG "HOT" "TOGETHER" "ALONE;USES;PACKAGES" ${ARGN})
  set(dir ${CMAKE_SOURCE_DIR}/src/${name})
  set(include_dir ${CMAKE_BINARY_DIR}/layers/${name})
  file(MAKE_DIRECTORY ${include_dir})
  file(CREATE_LINK ${dir} ${include_dir}/${name} SYMBOLIC)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${dir}/*.cc)
  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  list(FILTER sources EXCLUDE REGEX "(_test|_fuzz|_bench|/main|/baseline)\\.cc$")
  set(uses ${ARG_USES})
  list(TRANSFORM uses PREPEND mores_)
  if(sources)
    if(MORES_UNITY)
      mores_bundles(${name} "${sources}" "${ARG_ALONE}" "${ARG_TOGETHER}" sources)
    endif()
    add_library(mores_${name} STATIC ${sources})
    if(ARG_HOT AND CMAKE_BUILD_TYPE STREQUAL "Release")
      target_compile_options(mores_${name} PRIVATE -O3)
    endif()
    set(scope PUBLIC)
  else()
    add_library(mores_${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(mores_${name} ${scope} ${include_dir})
  target_link_libraries(mores_${name} ${scope} ${uses} ${ARG_PACKAGES})
  foreach(test ${tests})
    mores_test(${name} ${test})
  endforeach()
endfunction()

# Sets OUT to sources that include `sources`, TOGETHER (default 10) at a time: a header is then read
# once a bundle, and a template made once. Their text names the sources relative to themselves, so
# that a compiler cache knows them in every clone (CMake's own unity builds name whole paths).
function(mores_bundles name sources alone together out)
  if(NOT together)
    set(together 10)
  endif()
  set(bundles)
  set(text "")
  set(count 0)
  list(SORT sources)
  foreach(source ${sources})
    file(RELATIVE_PATH below ${CMAKE_SOURCE_DIR}/src/${name} ${source})
    if(below IN_LIST alone)
      list(APPEND bundles ${source})
      continue()
    endif()
    file(RELATIVE_PATH relative ${CMAKE_BINARY_DIR}/bundles ${source})
    string(APPEND text "#include \"${relative}\"\n")
    math(EXPR count "${count} + 1")
    if(count EQUAL together)
      mores_write_bundle(${name} "${text}" bundles)
      set(text "")
      set(count 0)
    endif()
  endforeach()
  if(count GREATER 0)
    mores_write_bundle(${name} "${text}" bundles)
  endif()
  set(${out} ${bundles} PARENT_SCOPE)
endfunction()

# Appends a file with `text` to the list that `list_name` names.
function(mores_write_bundle layer text list_name)
  set(files ${${list_name}})
  list(LENGTH files number)
  set(file ${CMAKE_BINARY_DIR}/bundles/${layer}_${number}.cc)
  file(CONFIGURE OUTPUT ${file} CONTENT "${text}" @ONLY)
  set(${list_name} ${files} ${file} PARENT_SCOPE)
endfunction()

# One executable a test file. A test whose first lines say "// Slow:" gets the label `slow`.
function(mores_test layer file)
  get_filename_component(stem ${file} NAME_WE)
  set(target ${layer}_${stem})
  add_executable(${target} ${file})
  target_link_libraries(${target} PRIVATE mores_${layer} GTest::gtest GTest::gmock
                                          GTest::gtest_main)
  target_include_directories(${target} PRIVATE ${MORES_TEST_SUPPORT})
  # Relative to where tests run, so that compilations are the same in every clone.
  file(RELATIVE_PATH binary_dir ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR})
  target_compile_definitions(${target} PRIVATE MORES_SOURCE_DIR="."
                                               MORES_BINARY_DIR="${binary_dir}")
  add_test(NAME ${layer}/${stem} COMMAND ${target} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  file(STRINGS ${file} head LIMIT_COUNT 5)
  if(head MATCHES "// Slow:")
    set_tests_properties(${layer}/${stem} PROPERTIES LABELS slow)
  endif()
  set_property(GLOBAL APPEND PROPERTY MORES_REGISTERED_TESTS ${file})
endfunction()

# mores_emulated_test(NAME COMMAND...): a test of name emulated/NAME; COMMAND, run in the source
# folder, calls scripts/emulate and ends in 77 where there is no emulator, which skips the test.
function(mores_emulated_test name)
  add_test(NAME emulated/${name} COMMAND ${ARGN} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(emulated/${name} PROPERTIES LABELS emulated SKIP_RETURN_CODE 77)
endfunction()

# The tests of the scripts of pages, by Node's own runner: every *.test.js below src/LAYER, in which
# `mores` makes the pages. Where there is no node the test says that it is skipped.
function(mores_page_tests layer)
  find_program(MORES_NODE NAMES node nodejs)
  file(GLOB_RECURSE tests CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${layer}/*.test.js)
  if(MORES_NODE)
    add_test(NAME ${layer}/page_scripts COMMAND ${MORES_NODE} --test ${tests}
             WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
    set_tests_properties(${layer}/page_scripts PROPERTIES ENVIRONMENT MORES=$<TARGET_FILE:mores>)
  else()
    add_test(NAME ${layer}/page_scripts
             COMMAND sh -c "echo 'skipped: no node (scripts/install-deps --tests)'; exit 77")
    set_tests_properties(${layer}/page_scripts PROPERTIES SKIP_RETURN_CODE 77)
  endif()
endfunction()

# Fails the configuration when a *_test.cc lies where no layer registers it.
function(mores_check_tests_registered)
  get_property(registered GLOBAL PROPERTY MORES_REGISTERED_TESTS)
  file(GLOB_RECURSE all ${CMAKE_SOURCE_DIR}/src/*_test.cc)
  foreach(file ${all})
    if(NOT file IN_LIST registered)
      message(FATAL_ERROR "unregistered test: ${file}")
    endif()
  endforeach()
endfunction()
