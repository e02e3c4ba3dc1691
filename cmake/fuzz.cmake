# Fuzzing: every *_fuzz.cc of a room is a program of its own, an entry point that reads untrusted files (docs/hostile.md).
#
#   assay_fuzz(ROOM FILE LIBRARIES lib… [TORCH])   called by assay_room
#
# Only what a target needs is compiled: `cmake --build --preset fuzz` builds the target fuzz_targets.
if(ASSAY_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL Clang)
    message(FATAL_ERROR "ASSAY_FUZZ needs clang, whose runtime libFuzzer is")
  endif()
  # vptr and function look up type information that Debian's libraries were not built to give.
  target_compile_options(assay_options INTERFACE
    -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize=vptr,function
    -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
  target_link_options(assay_options INTERFACE -fsanitize=address,undefined)
  add_custom_target(fuzz_targets)
endif()

function(assay_fuzz room file)
  cmake_parse_arguments(FUZZ "TORCH" "" "LIBRARIES" ${ARGN})
  get_filename_component(stem ${file} NAME_WE)
  add_executable(${stem} ${file})
  target_link_libraries(${stem} PRIVATE assay_${room} assay_options ${FUZZ_LIBRARIES})
  target_link_options(${stem} PRIVATE -fsanitize=fuzzer)
  if(FUZZ_TORCH)
    target_link_libraries(${stem} PRIVATE assay_torch)
    target_precompile_headers(${stem} REUSE_FROM assay_precompiled)
  endif()
  add_dependencies(fuzz_targets ${stem})
endfunction()
