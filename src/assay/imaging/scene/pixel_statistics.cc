#include "assay/imaging/scene/pixel_statistics.h"

#include <cmath>

#include "assay/base/error.h"
#include "assay/imaging/scene/stages.h"

namespace assay::imaging {

std::vector<std::string_view> pixel_statistic_names(int channels) {
  std::vector<std::string_view> names{"luma_mean", "luma_deviation", "sharpness", "noise"};
  if (channels == 3) names.insert(names.end(), {"chroma", "red_green", "blue_green"});
  return names;
}

std::vector<double> pixel_statistics(const at::Tensor& pixels) {
  const at::Tensor p = pixels.detach().to(at::kDouble);
  const std::int64_t rows = p.size(0), h = p.size(2), w = p.size(3);
  if (h < 3 || w < 3) throw BugError("a picture of 3 px a side at least");
  const at::Tensor y = luma(p).squeeze(1);  // [N,H,W]
  const auto mean = [](const at::Tensor& t) { return t.flatten(1).mean(1); };
  std::vector<at::Tensor> columns{mean(y), y.flatten(1).std(1, /*unbiased=*/false)};
  const at::Tensor dx = y.slice(2, 1) - y.slice(2, 0, w - 1),
                   dy = y.slice(1, 1) - y.slice(1, 0, h - 1);
  const at::Tensor dxx = dx.slice(2, 1) - dx.slice(2, 0, w - 2),
                   dyy = dy.slice(1, 1) - dy.slice(1, 0, h - 2);
  columns.push_back(at::log((mean(dxx.abs()) + mean(dyy.abs()) + 1e-4) /
                            (mean(dx.abs()) + mean(dy.abs()) + 1e-4)));
  // The second difference along y of that along x: zero on planes and straight edges.
  const at::Tensor crossed = dxx.slice(1, 2) - 2 * dxx.slice(1, 1, h - 1) + dxx.slice(1, 0, h - 2);
  columns.push_back(mean(crossed.abs()) * (std::sqrt(M_PI / 2) / 6));
  if (p.size(1) == 3) {
    columns.push_back(mean(p.amax(1) - p.amin(1)));
    const at::Tensor channel = p.flatten(2).mean(2) + 0.01;  // [N,3]
    columns.push_back(at::log(channel.select(1, 0) / channel.select(1, 1)));
    columns.push_back(at::log(channel.select(1, 2) / channel.select(1, 1)));
  }
  const at::Tensor all = at::stack(columns, 1).contiguous();
  return {all.data_ptr<double>(), all.data_ptr<double>() + rows * all.size(1)};
}

bool seen_in_pixels(const Factor& factor) {
  return factor.stage != SceneStage::kGeometry && factor.stage != SceneStage::kOcclusion;
}

}  // namespace assay::imaging
