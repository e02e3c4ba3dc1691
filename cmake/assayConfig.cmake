# find_package(assay): the targets assay::base, assay::stats, assay::network, assay::imaging, assay::methods,
# assay::checks, assay::jobs, assay::audit and assay::report. C++20.
include(${CMAKE_CURRENT_LIST_DIR}/dependencies.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/assayTargets.cmake)
