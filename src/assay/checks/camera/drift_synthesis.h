// What does another camera cost? The test pictures developed by each of several cameras, and shown to each of several
// models. See drift_synthesis.md.
//
// Cost: a forward a picture, camera and model, and one a corruption and severity of the audited model.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "assay/checks/check.h"
#include "assay/checks/sensitivity/asked_picture.h"

namespace assay::checks {

struct DriftSynthesis {
  static constexpr CheckInfo kInfo{"drift-synthesis", "What does another camera cost?", "oala2023"};
  struct Params {
    std::string cameras;
    std::string models;
    std::string corruptions = "gaussian_noise, defocus_blur, brightness, jpeg_compression";
  };
  static constexpr auto fields() {
    return std::tuple{
        field("cameras", &Params::cameras, Entries{"camera"},
              "each a file (docs/camera.md), or the name of a view such as menon-unsharp-gaussian; "
              "empty: the twelve static views",
              Stage::kMeasuring),
        field("models", &Params::models, Entries{"model"},
              "files of models that are asked beside the audited one, of the same classes and "
              "input",
              Stage::kMeasuring),
        field("corruptions", &Params::corruptions, Choice{},
              "types to compare with at the same distance of pictures (docs/corruptions.md), "
              "separated by commas; empty: none",
              Stage::kMeasuring)};
  }

  static constexpr std::size_t kDistances = 3;  // rms, 1 − SSIM, ΔE₀₀
  struct Record : AskedPicture {
    bool known = false;  // there is something to be right about
    std::vector<float>
        own;  // [models] score (methods/evaluation/truth.h) on the data's own pictures
    std::vector<float> score;      // [models · cameras]
    std::vector<float> margins;    // likewise
    std::vector<float> distances;  // [cameras · kDistances] from the data's own
    std::vector<float> weather;    // [types · 5] score under corruptions, the audited model
    std::vector<float> weather_distances;  // [types · 5 · kDistances]
    template <class A>
    void archive(A& a) {
      AskedPicture::archive(a);
      a(known, own, score, margins, distances, weather, weather_distances);
    }
  };
  struct Result {
    Params params;
    std::vector<std::string> labels, cameras, chains, models, types;
    std::uint64_t seed = 0;
    std::int64_t pictures = 0, unlabelled = 0, nonfinite = 0;
    std::vector<Finding> findings;
    std::vector<double> distances;  // [cameras · kDistances], means
    struct Point {
      double distance = 0, accuracy = 0;
    };
    std::vector<std::vector<Point>> weather;  // [types], rms, from the cleanest
    std::size_t worst_model = 0, worst_camera = 0;
    std::vector<Record> records;  // those that count
    std::string accuracy_id(std::size_t model, std::size_t camera) const;
    std::string difference_id(std::size_t model, std::size_t camera) const;
  };

  static std::vector<Unit> units(const Subject& subject, const Params& params,
                                 std::span<const Record> so_far);
  static std::vector<Record> measure(const Subject& subject, const Params& params,
                                     std::span<const Unit> units, const Context& context);
  static Cost cost(const Params& params, std::string_view unit);
  static Result summarise(std::span<const Record> records, const Params& params,
                          const Facts& facts);
  static std::vector<Finding> findings(const Result& result);
  static Section present(const Result& result);
};

}  // namespace assay::checks
