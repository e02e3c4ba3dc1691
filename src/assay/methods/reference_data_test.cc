#include "assay/methods/reference_data_test.h"

#include <cstdlib>
#include <fstream>
#include <vector>

#include "assay/imaging/data_set.h"
#include "assay/imaging/decode.h"

namespace assay::methods {

std::string shared() {
  const char* given = std::getenv("ASSAY_SHARED");
  return given ? given : ASSAY_SOURCE_DIR "/../shared";
}

json read_json(const std::string& file) {
  std::ifstream in(file);
  return json::parse(in);
}

InputDescription description(const json& input) {
  InputDescription d;
  const std::string channels = input["channels"];
  d.channels = channels == "bgr"    ? Channels::kBgr
               : channels == "grey" ? Channels::kGray
                                    : Channels::kRgb;
  d.range = input["scale"] == 1.0 ? 255 : 1;
  d.mean = input.value("mean", std::vector<double>{});
  d.std = input.value("std", std::vector<double>{});
  const std::string rule = input["resize"];
  if (rule != "none") d.resize_height = d.resize_width = input.value("size", 0);
  if (rule == "shorter") d.resize = ResizeRule::kShorter;
  if (rule == "squash") d.resize = ResizeRule::kSquash;
  if (rule == "line") {
    d.resize = ResizeRule::kLine;
    d.resize_height = 48;
    d.resize_width = 192;
  }
  d.crop = input.value("crop", 0);
  return d;
}

imaging::Picture picture_of(const std::string& key, Channels channels) {
  const std::string images = shared() + "/data/images/";
  if (const auto hash = key.find('#'); hash != std::string::npos) {
    static const auto digits =
        imaging::DataSet::unlabelled({images + "mnist/t10k-images-idx3-ubyte.gz"});
    return digits.picture(std::stoul(key.substr(hash + 1)));
  }
  imaging::DecodeOptions how;
  how.gray = channels == Channels::kGray;
  return imaging::decode(imaging::read_picture_file(images + key), key, how);
}

}  // namespace assay::methods
