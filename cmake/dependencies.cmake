# Every library comes from Debian (packages.txt). Each is found once, here; rooms link what they use.
# Installed too: a program that uses Assay's static libraries finds theirs by the same lines.
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(Eigen3 REQUIRED NO_MODULE)
find_package(nlohmann_json REQUIRED)
find_package(fmt REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(OpenSSL REQUIRED COMPONENTS Crypto)
find_package(Protobuf REQUIRED)
pkg_check_modules(YAML_CPP REQUIRED IMPORTED_TARGET yaml-cpp)
pkg_check_modules(LIBRAW REQUIRED IMPORTED_TARGET libraw_r)  # the build that several threads may use

# Debian's CMake files of libtorch ask for CUDA-era variables; the libraries alone are all that is needed.
find_library(TORCH_LIBRARY torch REQUIRED)
find_library(TORCH_CPU_LIBRARY torch_cpu REQUIRED)
find_library(C10_LIBRARY c10 REQUIRED)
find_library(OPENBLAS_LIBRARY openblas REQUIRED)
add_library(assay_torch INTERFACE IMPORTED)
target_link_libraries(assay_torch INTERFACE ${TORCH_LIBRARY} ${TORCH_CPU_LIBRARY} ${C10_LIBRARY} ${OPENBLAS_LIBRARY})

find_library(DNNL_LIBRARY dnnl REQUIRED)  # the one that libtorch uses too

find_library(ONNX_LIBRARY onnx REQUIRED)
find_library(ONNX_PROTO_LIBRARY onnx_proto REQUIRED)
add_library(assay_onnx INTERFACE IMPORTED)
target_compile_definitions(assay_onnx INTERFACE ONNX_ML=1 ONNX_NAMESPACE=onnx)
target_link_libraries(assay_onnx INTERFACE ${ONNX_LIBRARY} ${ONNX_PROTO_LIBRARY} protobuf::libprotobuf)

find_library(OPENTURNS_LIBRARY OT REQUIRED)
find_path(OPENTURNS_INCLUDE_DIR openturns/Distribution.hxx REQUIRED)

# Only decoding, encoding and drawing of ordinary pictures: OpenCV's full list would pull in its desktop parts.
find_path(OPENCV_INCLUDE_DIR opencv2/core.hpp PATH_SUFFIXES opencv4 REQUIRED)
find_library(OPENCV_CORE_LIBRARY opencv_core REQUIRED)
find_library(OPENCV_IMGPROC_LIBRARY opencv_imgproc REQUIRED)
find_library(OPENCV_IMGCODECS_LIBRARY opencv_imgcodecs REQUIRED)
add_library(assay_opencv INTERFACE IMPORTED)
target_include_directories(assay_opencv SYSTEM INTERFACE ${OPENCV_INCLUDE_DIR})
target_link_libraries(assay_opencv INTERFACE
  ${OPENCV_IMGCODECS_LIBRARY} ${OPENCV_IMGPROC_LIBRARY} ${OPENCV_CORE_LIBRARY})
