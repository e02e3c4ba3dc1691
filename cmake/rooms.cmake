# A room is one folder of src/assay: a static library of its .cc files and one test program of its *_test.cc files.
#
#   assay_room(NAME [TORCH] [TESTS_APART] ROOMS room… LIBRARIES lib… TEST_LIBRARIES lib…)
#
# TORCH: the room's files see libtorch through the precompiled header of network/torch.h.
# TESTS_APART: its test files have small networks and constants of the same names, so each is compiled alone where others are
# joined (UNITY in the Makefile). Elsewhere names in unnamed namespaces differ between the files of a room.
# Globbing is deliberate: adding a check is writing its files, not editing lists.

# Owns that header and nothing else, so that no room's own definitions or flags get into it: g++ takes a precompiled
# header only where they are the same, and reads libtorch anew (10 s a file) where they are not.
add_library(assay_precompiled OBJECT ${CMAKE_CURRENT_LIST_DIR}/precompiled.cc)
target_include_directories(assay_precompiled PRIVATE ${PROJECT_SOURCE_DIR}/src)
target_link_libraries(assay_precompiled PRIVATE assay_options assay_torch)
target_precompile_headers(assay_precompiled PRIVATE ${PROJECT_SOURCE_DIR}/src/assay/network/torch.h)

# The files of one thing (a page NAME.md beside NAME*.cc) may be joined, those of different ones speak of different
# records by the same names. What has no page is joined by folder.
function(assay_join_by_page target)
  file(GLOB pages ${CMAKE_CURRENT_SOURCE_DIR}/checks/*/*.md)
  set(stems "")
  foreach(page ${pages})
    get_filename_component(stem ${page} NAME_WE)
    list(APPEND stems ${stem})
  endforeach()
  list(SORT stems ORDER DESCENDING)  # shortcut_search before shortcut
  foreach(source ${ARGN})
    get_filename_component(name ${source} NAME_WE)
    get_filename_component(folder ${source} DIRECTORY)
    get_filename_component(group ${folder} NAME)
    if(source MATCHES "/checks/")
      foreach(stem ${stems})
        if(name MATCHES "^${stem}(_|$)")
          set(group ${stem})
          break()
        endif()
      endforeach()
      set_source_files_properties(${source} PROPERTIES UNITY_GROUP ${group})
      set_target_properties(${target} PROPERTIES UNITY_BUILD_MODE GROUP)
    endif()
  endforeach()
endfunction()

function(assay_room name)
  cmake_parse_arguments(ROOM "TORCH;TESTS_APART" "" "ROOMS;LIBRARIES;TEST_LIBRARIES" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.cc)
  set(tests ${sources})
  set(fuzz_files ${sources})
  list(FILTER sources EXCLUDE REGEX "(_test|_fuzz|/main)\\.cc$")
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  list(FILTER fuzz_files INCLUDE REGEX "_fuzz\\.cc$")

  if(NOT sources)
    return()
  endif()
  add_library(assay_${name} STATIC ${sources})
  assay_join_by_page(assay_${name} ${sources})
  add_library(assay::${name} ALIAS assay_${name})
  set_target_properties(assay_${name} PROPERTIES EXPORT_NAME ${name})
  target_include_directories(assay_${name} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/src> $<INSTALL_INTERFACE:include>)
  target_link_libraries(assay_${name} PRIVATE $<BUILD_INTERFACE:assay_options>)
  foreach(room ${ROOM_ROOMS})
    target_link_libraries(assay_${name} PUBLIC assay_${room})
  endforeach()
  target_link_libraries(assay_${name} PRIVATE ${ROOM_LIBRARIES})
  if(ROOM_TORCH)
    target_link_libraries(assay_${name} PRIVATE assay_torch)
    target_precompile_headers(assay_${name} REUSE_FROM assay_precompiled)
  endif()
  set_property(GLOBAL APPEND PROPERTY ASSAY_ROOMS assay_${name})

  if(ASSAY_FUZZ)
    set(torch "")
    if(ROOM_TORCH)
      set(torch TORCH)
    endif()
    foreach(file ${fuzz_files})
      assay_fuzz(${name} ${file} ${torch} LIBRARIES ${ROOM_LIBRARIES})
    endforeach()
  endif()

  if(ASSAY_TESTS AND tests)
    add_executable(assay_${name}_test ${tests})
    target_link_libraries(assay_${name}_test PRIVATE
      assay_${name} assay_options ${ROOM_LIBRARIES} ${ROOM_TEST_LIBRARIES} GTest::gmock GTest::gtest_main)
    target_compile_definitions(assay_${name}_test PRIVATE
      ASSAY_SOURCE_DIR="${PROJECT_SOURCE_DIR}" ASSAY_BINARY_DIR="${CMAKE_BINARY_DIR}")
    if(ROOM_TESTS_APART)
      set_target_properties(assay_${name}_test PROPERTIES UNITY_BUILD OFF)
    endif()
    if(ROOM_TORCH)
      target_link_libraries(assay_${name}_test PRIVATE assay_torch)
      target_precompile_headers(assay_${name}_test REUSE_FROM assay_precompiled)
    endif()
    add_test(NAME ${name} COMMAND assay_${name}_test)
    set_tests_properties(${name} PROPERTIES
      WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
      ENVIRONMENT "ASAN_OPTIONS=detect_leaks=0;OMP_NUM_THREADS=1;OPENBLAS_NUM_THREADS=1")
  endif()
endfunction()
