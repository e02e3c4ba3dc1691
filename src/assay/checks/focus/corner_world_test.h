// A small world whose truth is known, for this room's tests: pictures whose middle says the class and
// whose corner may say it too, and networks that read where they are told to.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "assay/base/error.h"
#include "assay/base/file.h"
#include "assay/base/seed.h"
#include "assay/checks/check.h"
#include "assay/imaging/data_set.h"
#include "assay/imaging/encode.h"
#include "assay/imaging/picture.h"
#include "assay/methods/batch.h"
#include "assay/network/classifier.h"
#include "assay/network/graph.h"
#include "assay/network/onnx_writer.h"
#include "assay/network/pass.h"
#include "assay/network/torch.h"

namespace assay::checks {

inline constexpr int kWorldSide = 16;

inline network::Node node(const std::string& op,
                          std::map<std::string, network::Attribute> attributes = {}) {
  network::Node n;
  n.op = op;
  n.opset = 17;
  n.attributes = std::move(attributes);
  return n;
}

// What an InputError of the action says.
inline std::string error_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const InputError& e) {
    return e.what();
  }
  return "nothing";
}

inline bool in_corner(int y, int x) { return y < 4 && x < 4; }
inline bool in_middle(int y, int x) { return y >= 6 && y < 10 && x >= 6 && x < 10; }

// Pictures of 16 × 16: the class is bright (1) or dark (0) in the middle; the corner too, as `corner`
// says. Elsewhere, and by ±20 everywhere, noise.
class CornerWorld : public testing::Test {
 protected:
  CornerWorld()
      : folder_(std::filesystem::temp_directory_path() /
                ("assay_corner_" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(folder_);
    network::configure_numerics();
  }
  ~CornerWorld() override { std::filesystem::remove_all(folder_); }

  void write_pictures(
      int count, const std::function<bool(int)>& corner, const std::string& mask = "box:4 4 12 12",
      const std::function<int(int)>& label = [](int i) { return i % 2; }) {
    std::string manifest = mask.empty() ? "path,label\n" : "path,label,mask\n";
    for (int i = 0; i < count; ++i) {
      imaging::Picture picture{kWorldSide, kWorldSide, 3, 8, {}};
      Stream noise(5, "picture", static_cast<std::uint64_t>(i));
      for (int p = 0; p < kWorldSide * kWorldSide * 3; ++p) {
        const int y = p / 3 / kWorldSide, x = p / 3 % kWorldSide;
        const bool bright = in_middle(y, x)   ? label(i) == 1
                            : in_corner(y, x) ? corner(i)
                                              : noise.below(2) == 1;
        picture.bytes.push_back(static_cast<std::uint8_t>((bright ? 190 : 60) +
                                                          static_cast<int>(noise.below(41)) - 20));
      }
      const std::string name = std::to_string(i) + ".png";
      write_file(folder_ / name, imaging::encode_png(picture));
      manifest += name + "," + std::to_string(label(i)) + (mask.empty() ? "" : "," + mask) + "\n";
    }
    write_file(folder_ / "data.csv", manifest);
  }

  // A layer of brightness and darkness; z1 is ten times the weighed mean brightness of 16 pixels, z0
  // the darkness: a margin of ±20 times what the mean is above a half.
  network::Classifier reader(const std::function<double(int, int)>& weight) const {
    network::Graph graph("test");
    graph.add_input("x", "float32", true, {network::kFree, 3, kWorldSide, kWorldSide});
    at::Tensor w = at::zeros({2, 6, kWorldSide, kWorldSide});
    for (int y = 0; y < kWorldSide; ++y)
      for (int x = 0; x < kWorldSide; ++x)
        for (int c = 0; c < 3; ++c) w[1][c][y][x] = w[0][3 + c][y][x] = 10 * weight(y, x) / 48;
    const at::Tensor one = at::eye(3).reshape({3, 3, 1, 1});
    graph.add_constant("both", at::cat({one, -one}));
    graph.add_constant("shift", at::tensor({0, 0, 0, 1, 1, 1}, at::kFloat));
    graph.add_constant("w", w.reshape({2, -1}));
    graph.add_node(node("Conv"), {"x", "both", "shift"}, {"conv"});
    graph.add_node(node("Relu"), {"conv"}, {"layer"});
    graph.add_node(node("Flatten"), {"layer"}, {"flat"});
    graph.add_node(node("Gemm", {{"transB", std::int64_t{1}}}), {"flat", "w"}, {"z"});
    graph.add_output("z");
    graph.finish();
    const std::string file = folder_ / "model.onnx";
    network::write_onnx(graph, file);
    return network::Classifier::open(file, {}, {}, {});
  }
  network::Classifier middle_reader() const {
    return reader([](int y, int x) { return in_middle(y, x); });
  }
  network::Classifier corner_reader() const {
    return reader([](int y, int x) { return in_corner(y, x); });
  }

  Context context(const Subject& subject, std::int64_t first) const {
    Context c;
    std::vector<methods::Slot> slots;
    const auto end = std::min<std::int64_t>(first + 8, subject.data.size());
    for (std::int64_t row = first; row < end; ++row) {
      c.rows.push_back(row);
      c.pictures.push_back(subject.data.picture(static_cast<std::size_t>(row)));
    }
    for (const auto& picture : c.pictures) slots.push_back({&picture, "x"});
    c.input = std::make_shared<const at::Tensor>(
        methods::input_tensor(subject.classifier, subject.classifier.input(), slots));
    const at::Tensor logits = subject.classifier.forward(*c.input).logits.contiguous();
    for (std::size_t s = 0; s < c.rows.size(); ++s) {
      const auto& row = subject.data.rows()[static_cast<std::size_t>(c.rows[s])];
      CleanRecord clean;
      clean.row = c.rows[s];
      clean.id = row.id;
      clean.label = row.label;
      clean.cluster = row.cluster;
      const float* z = logits.data_ptr<float>() + static_cast<std::int64_t>(s) * logits.size(1);
      clean.logits.assign(z, z + logits.size(1));
      c.clean.push_back(std::move(clean));
    }
    return c;
  }

  // All rounds of a check, as the runner has them.
  template <class C>
  std::vector<typename C::Record> measured(const network::Classifier& classifier,
                                           const typename C::Params& params,
                                           const Facts& facts) const {
    imaging::DataSource source;
    source.manifest = folder_ / "data.csv";
    const auto data = imaging::DataSet::open(source, {2, {}});
    const Subject subject{classifier, data, facts};
    if constexpr (requires { C::keep(subject, params); }) C::keep(subject, params);
    std::vector<typename C::Record> all;
    for (int round = 0;; ++round) {
      const auto units = C::units(subject, params, all);
      if (units.empty()) return all;
      if (round == 3) throw BugError("no check has more than three rounds");
      std::vector<std::optional<typename C::Record>> found(units.size());
      for (std::int64_t first = 0; first < static_cast<std::int64_t>(data.size()); first += 8) {
        std::vector<Unit> here;
        std::vector<std::size_t> places;
        for (std::size_t i = 0; i < units.size(); ++i)
          if (units[i].row / 8 == first / 8) {
            here.push_back(units[i]);
            places.push_back(i);
          }
        if (here.empty()) continue;
        const auto records = C::measure(subject, params, here, context(subject, first));
        for (std::size_t i = 0; i < records.size(); ++i) {
          found[places[i]] = records[i];
          found[places[i]]->row = here[i].row;
        }
      }
      for (auto& record : found) all.push_back(std::move(*record));
    }
  }

  std::filesystem::path folder_;
};

}  // namespace assay::checks
