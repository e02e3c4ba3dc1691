// COCO annotations, to the masks of a data set.
#include <unistd.h>

#include <filesystem>

#include "assay/base/error.h"
#include "assay/base/memory_budget.h"
#include "assay/base/seed_corpus_test.h"
#include "assay/imaging/data_set.h"

namespace {

using namespace assay;

// Of the process; with two pictures of 6 × 4.
const std::string& folder() {
  static const std::string made = [] {
    const std::string path = "/dev/shm/assay_annotations_" + std::to_string(::getpid());
    std::filesystem::create_directories(path);
    for (const char* name : {"/1.png", "/2.png"}) write_file(path + name, "picture");
    write_file(path + "/manifest.csv", "path,label\n1.png,0\n2.png,1\n");
    return path;
  }();
  return made;
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* count, char*** arguments) {
  set_memory_budget(64 << 20);
  const std::string images =
      R"({"images": [{"id": 1, "file_name": "1.png"}, {"id": 2, "file_name": "x/2.png"}], )";
  write_seeds(
      {*arguments, *arguments + *count},
      {images + R"("annotations": [{"image_id": 1, "bbox": [1, 0, 2.5, 3]}]})",
       images + R"("annotations": [{"image_id": 2, "segmentation": [[0, 0, 5, 0, 5, 3]]}]})",
       images + R"("annotations": [{"image_id": 1, "segmentation":
                  {"size": [4, 6], "counts": [3, 5, 16]}}]})",
       images + R"("annotations": [{"image_id": 1, "segmentation":
                  {"size": [4, 6], "counts": "35`0"}}]})"});
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  imaging::DataSource source;
  source.manifest = folder() + "/manifest.csv";
  source.annotations = folder() + "/coco.json";
  write_file(source.annotations, {reinterpret_cast<const char*>(data), size});
  try {
    const auto set = imaging::DataSet::open(source, {2, {}});
    for (std::size_t row = 0; row < set.size(); ++row) set.mask(row, 4, 6);
  } catch (const InputError&) {
  }
  return 0;
}
