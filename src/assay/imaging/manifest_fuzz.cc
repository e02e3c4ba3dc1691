// A manifest, to the rows of a data set.
#include <unistd.h>

#include <filesystem>

#include "assay/base/error.h"
#include "assay/base/seed_corpus_test.h"
#include "assay/imaging/data_set.h"

namespace {

using namespace assay;

// Of the process; with one picture.
const std::string& folder() {
  static const std::string made = [] {
    const std::string path = "/dev/shm/assay_manifest_" + std::to_string(::getpid());
    std::filesystem::create_directories(path + "/a");
    write_file(path + "/a/1.png", "picture");
    write_file(path + "/2.png", "picture");
    return path;
  }();
  return made;
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* count, char*** arguments) {
  write_seeds(
      {*arguments, *arguments + *count},
      {"path,label\na/1.png,cat\n2.png,1\n",
       "\xEF\xBB\xBFpath,label,mask,cluster,line\r\n\"a/1.png\",dog,2.png,c1,\"1,\"\"2\"\r\n",
       "path,label,mask\na/1.png,cat,box:1 0 3 2;polygon:0 0 4 0 4 4\n2.png,1,rle:2 3 1 2 3\n",
       "label,path,camera\n0,2.png,\"a\nb\"\n\n1,a/1.png,\n"});
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  imaging::DataSource source;
  source.manifest = folder() + "/manifest.csv";
  source.limit = 1;
  write_file(source.manifest, {reinterpret_cast<const char*>(data), size});
  try {
    const auto set = imaging::DataSet::open(source, {2, {"cat", "dog"}});
    for (std::size_t row = 0; row < set.size(); ++row)
      if (imaging::is_shapes(set.rows()[row].mask)) set.mask(row, 2, 3);
  } catch (const InputError&) {
  }
  return 0;
}
