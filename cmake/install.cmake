# `cmake --install`: the program, and the rooms as static libraries with their headers and a package for
#   find_package(assay)   target_link_libraries(mine assay::audit)
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

if(TARGET assay)
  install(TARGETS assay RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  # The program knows its own commands and options best.
  set(said ${CMAKE_CURRENT_BINARY_DIR}/said)
  install(CODE "
    file(MAKE_DIRECTORY \"${said}\")
    execute_process(COMMAND \"$<TARGET_FILE:assay>\" completion OUTPUT_FILE \"${said}/assay\"
      COMMAND_ERROR_IS_FATAL ANY)
    execute_process(COMMAND \"$<TARGET_FILE:assay>\" manual OUTPUT_FILE \"${said}/assay.1\"
      COMMAND_ERROR_IS_FATAL ANY)")
  install(FILES ${said}/assay DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
  install(FILES ${said}/assay.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
endif()

# The command line is a program's, not a library's.
get_property(rooms GLOBAL PROPERTY ASSAY_ROOMS)
list(REMOVE_ITEM rooms assay_cli)
install(TARGETS ${rooms} EXPORT assayTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY src/assay DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  FILES_MATCHING PATTERN "*.h" PATTERN "cli" EXCLUDE PATTERN "*_test.h" EXCLUDE)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/assay)
install(EXPORT assayTargets NAMESPACE assay:: DESTINATION ${package_dir})
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/assayConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES cmake/assayConfig.cmake cmake/dependencies.cmake
  ${CMAKE_CURRENT_BINARY_DIR}/assayConfigVersion.cmake DESTINATION ${package_dir})
