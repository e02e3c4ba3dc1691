#include "assay/network/input_preset.h"

#include <utility>

#include "assay/base/error.h"
#include "assay/base/field.h"

namespace assay::network {

namespace {

struct Preset {
  const char* name;
  InputDescription input;
};

InputDescription with(std::vector<double> mean, std::vector<double> std,
                      Channels channels = Channels::kRgb, double range = 1) {
  InputDescription d;
  d.channels = channels;
  d.range = range;
  d.mean = std::move(mean);
  d.std = std::move(std);
  return d;
}

InputDescription cropped(InputDescription d, int shorter_px, int crop_px) {
  d.resize = ResizeRule::kShorter;
  d.resize_height = d.resize_width = shorter_px;
  d.crop = crop_px;
  return d;
}

const std::vector<Preset>& presets() {
  static const std::vector<Preset> kPresets = {
      // torchvision's evaluation transform
      {"imagenet", cropped(with({0.485, 0.456, 0.406}, {0.229, 0.224, 0.225}), 256, 224)},
      // Inception, EfficientNet-lite, many TensorFlow models: -1 to 1
      {"inception", cropped(with({0.5, 0.5, 0.5}, {0.5, 0.5, 0.5}), 342, 299)},
      // Caffe's reference models: BGR, 0 to 255 minus the mean
      {"caffe", cropped(with({103.939, 116.779, 123.68}, {}, Channels::kBgr, 255), 256, 224)},
      {"clip",
       cropped(with({0.48145466, 0.4578275, 0.40821073}, {0.26862954, 0.26130258, 0.27577711}), 224,
               224)},
      // The statistics of each training set; pictures must have the model's size.
      {"cifar10", with({0.4914, 0.4822, 0.4465}, {0.2470, 0.2435, 0.2616})},
      {"cifar100", with({0.5071, 0.4865, 0.4409}, {0.2673, 0.2564, 0.2762})},
      {"mnist", with({0.1307}, {0.3081}, Channels::kGray)},
      {"fashion", with({0.2860}, {0.3530}, Channels::kGray)},
      // No statistics: plain pixel values
      {"unit", with({}, {})},
      {"unit-gray", with({}, {}, Channels::kGray)},
      {"signed", with({0.5, 0.5, 0.5}, {0.5, 0.5, 0.5})},
      {"raw255", with({}, {}, Channels::kRgb, 255)},
      {"raw255-gray", with({}, {}, Channels::kGray, 255)},
  };
  return kPresets;
}

}  // namespace

InputDescription input_preset(const std::string& name) {
  for (const Preset& preset : presets())
    if (name == preset.name) return preset.input;
  const std::vector<std::string> names = input_preset_names();
  const std::string near = nearest(name, names);
  std::string what = "no input preset \"" + name + "\"";
  if (!near.empty()) what += "; did you mean \"" + near + "\"?";
  what += (near.empty() ? "; there are " : " (there are ");
  for (std::size_t i = 0; i < names.size(); ++i) what += (i ? ", " : "") + names[i];
  throw InputError("", what + (near.empty() ? "" : ")"));
}

std::vector<std::string> input_preset_names() {
  std::vector<std::string> names;
  for (const Preset& preset : presets()) names.emplace_back(preset.name);
  return names;
}

}  // namespace assay::network
