#include "assay/methods/prepared_mask.h"

#include <algorithm>

#include "assay/imaging/prepare.h"
#include "assay/methods/batch.h"

namespace assay::methods {

PixelMask prepared_mask(const network::Classifier& classifier, const imaging::Mask& mask) {
  imaging::Picture picture{mask.height, mask.width, 1, 8, mask.marked};
  for (std::uint8_t& v : picture.bytes) v = v ? 255 : 0;
  InputDescription description = classifier.input();
  description.channels = Channels::kGray;
  description.range = 1;
  description.mean.clear();
  description.std.clear();
  description.layout = Layout::kNchw;
  imaging::ModelDemand demand = demand_of(classifier);
  demand.channels = 1;
  demand.uint8 = false;
  const auto size = imaging::prepared_size(picture, "mask", description, demand);
  std::vector<float> grey(static_cast<std::size_t>(size.height) *
                          static_cast<std::size_t>(size.width));
  imaging::prepare(picture, "mask", description, demand, std::span<float>(grey));
  PixelMask marked(grey.size());
  std::transform(grey.begin(), grey.end(), marked.begin(),
                 [](float v) { return static_cast<std::uint8_t>(v >= 0.5F); });
  return marked;
}

}  // namespace assay::methods
