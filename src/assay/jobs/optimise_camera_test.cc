#include "assay/jobs/optimise_camera.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <stdexcept>

#include "assay/base/archive.h"
#include "assay/base/error.h"
#include "assay/base/file.h"
#include "assay/base/seed.h"
#include "assay/imaging/encode.h"
#include "assay/imaging/pixels.h"
#include "assay/network/graph.h"
#include "assay/network/onnx_writer.h"
#include "assay/network/torch.h"

namespace assay::jobs {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

// Pictures that are bright or dark in the mean, and a network that knows where the middle lies.
class OptimiseCameraTest : public testing::Test {
 protected:
  OptimiseCameraTest() {
    network::configure_numerics();
    fs::create_directories(folder_);
    std::string manifest = "path,label\n";
    for (int i = 0; i < 60; ++i) {
      Stream stream(3, "picture", static_cast<std::uint64_t>(i));
      const double level = (i % 2 == 0 ? 0.35 : 0.65) + 0.2 * (stream.uniform() - 0.5);
      const at::Tensor x = at::linspace(0, 3, 16, at::kFloat);
      const at::Tensor p = (level + 0.05 * at::sin(x + i) * at::cos(x.view({16, 1})))
                               .view({1, 1, 16, 16})
                               .expand({1, 3, 16, 16});
      const std::string name = std::to_string(i) + ".png";
      write_file((folder_ / name).string(), imaging::encode_png(imaging::picture_of(p)));
      manifest += name + "," + std::to_string(i % 2) + "\n";
    }
    write_file((folder_ / "m.csv").string(), manifest);
    network::Graph graph("test");
    graph.add_input("x", "float32", true, {network::kFree, 3, 16, 16});
    graph.add_constant("k", at::full({3, 3, 1, 1}, 4.0f));
    graph.add_constant("kb", at::full({3}, -6.0f));
    graph.add_constant("w", at::tensor({-1.0f, 1.0f, -1.0f, 1.0f, -1.0f, 1.0f}).view({3, 2}));
    for (const auto& [op, inputs, output] :
         {std::tuple{"Conv", std::vector<std::string>{"x", "k", "kb"}, "c"},
          {"GlobalAveragePool", {"c"}, "mean"},
          {"Flatten", {"mean"}, "flat"},
          {"MatMul", {"flat", "w"}, "z"}}) {
      network::Node node;
      node.op = op;
      node.opset = 17;
      graph.add_node(node, inputs, {output});
    }
    graph.add_output("z");
    graph.finish();
    network::write_onnx(graph, (folder_ / "model.onnx").string());
    classifier_ = std::make_unique<network::Classifier>(
        network::Classifier::open((folder_ / "model.onnx").string(), {}, {}, {}));
    imaging::DataSource source;
    source.manifest = (folder_ / "m.csv").string();
    data_ = std::make_unique<imaging::DataSet>(imaging::DataSet::open(source, {2, {}}));
  }
  ~OptimiseCameraTest() override { fs::remove_all(folder_); }

  OptimiseCameraOptions options(const std::string& out) const {
    OptimiseCameraOptions o;
    o.factors = {{"camera.gamma", 0.3, 2}, {"camera.blur", 0, 1}};
    o.condition = {{"camera.exposure", -2}};
    o.steps = 20;
    o.batch = 8;
    o.camera_rate = 0.1;
    o.model_rate = 0.2;
    o.directory = (folder_ / out).string();
    return o;
  }
  // Throws once so many steps were made.
  std::vector<std::string> run_job(const OptimiseCamera& job,
                                   std::int64_t killed_after = -1) const {
    RunOptions run_options;
    run_options.directory = job.options().directory;
    run_options.checkpoint_seconds = 0;
    std::int64_t calls = 0;
    run_options.progress = [&](const Progress&) {
      if (++calls == killed_after) throw std::runtime_error("killed");
    };
    std::vector<std::string> results;
    run(job, run_options, [&](const std::vector<std::string>& all) { results = all; });
    return results;
  }
  static double mean(const std::vector<double>& values) {
    double sum = 0;
    for (const double v : values) sum += v;
    return sum / static_cast<double>(values.size());
  }

  fs::path folder_ = fs::temp_directory_path() / ("assay_optimise_" + std::to_string(::getpid()));
  std::unique_ptr<network::Classifier> classifier_;
  std::unique_ptr<imaging::DataSet> data_;
};

TEST_F(OptimiseCameraTest, FindsTheCurveThatMakesUpForMissingLight) {
  const OptimiseCamera job(*classifier_, *data_, options("camera"));
  EXPECT_EQ(job.arms(), (std::vector<std::string>{"start", "camera"}));
  // Nothing is in two parts.
  EXPECT_EQ(job.training_rows().size() + job.validation_rows().size() + job.test_rows().size(),
            60u);
  const auto results = run_job(job);
  const auto start = from_bytes<OptimisedArm>(results[0]),
             camera = from_bytes<OptimisedArm>(results[1]);
  EXPECT_LT(mean(start.scores), 0.7);
  EXPECT_GT(mean(camera.scores), mean(start.scores) + 0.2);
  EXPECT_LT(camera.theta[0], 1);  // brighter
  EXPECT_GT(camera.best, 0);
  EXPECT_LT(camera.validation.back(), camera.validation.front());
}

TEST_F(OptimiseCameraTest, TunesTheModelBesideItAndWritesIt) {
  auto wanted = options("both");
  wanted.train_model = true;
  const OptimiseCamera job(*classifier_, *data_, wanted);
  EXPECT_EQ(job.arms(), (std::vector<std::string>{"start", "model", "camera and model"}));
  const auto results = run_job(job);
  const auto start = from_bytes<OptimisedArm>(results[0]),
             model = from_bytes<OptimisedArm>(results[1]),
             both = from_bytes<OptimisedArm>(results[2]);
  EXPECT_GT(mean(model.scores), mean(start.scores) + 0.2);
  EXPECT_GT(mean(both.scores), mean(start.scores) + 0.2);
  EXPECT_EQ(model.theta, (std::vector<double>{1, 0}));  // its camera stayed
  for (const auto& arm : {model, both}) {
    const auto tuned = network::Classifier::open(wanted.directory + "/" + arm.model, {}, {}, {});
    EXPECT_NE(tuned.fingerprint(), classifier_->fingerprint());
  }
}

TEST_F(OptimiseCameraTest, GoesOnAfterAKillToTheSameBytes) {
  auto wanted = options("whole");
  wanted.train_model = true;
  wanted.steps = 6;
  const auto whole = run_job(OptimiseCamera(*classifier_, *data_, wanted));
  wanted.directory = options("killed").directory;
  const OptimiseCamera job(*classifier_, *data_, wanted);
  EXPECT_ANY_THROW(run_job(job, 5));
  EXPECT_EQ(run_job(job), whole);
}

TEST_F(OptimiseCameraTest, RefusesWhatCannotBeTrained) {
  const auto error = [&](auto change) {
    auto o = options("x");
    change(o);
    try {
      OptimiseCamera(*classifier_, *data_, o);
    } catch (const InputError& e) {
      return std::string(e.what());
    }
    return std::string("nothing");
  };
  EXPECT_THAT(error([](auto& o) {
                o.factors = {{"camera.bit_depth", 2, 16}};
              }),
              HasSubstr("have a derivative"));
  EXPECT_THAT(error([](auto& o) { o.factors = {{"camera.gamma", 1.5, 2}}; }), HasSubstr("round 1"));
  EXPECT_THAT(error([](auto& o) {
                o.condition = {{"camera.gamma", 0.5}};
              }),
              HasSubstr("trained too"));
  EXPECT_THAT(error([](auto& o) { o.condition = {{"rotation", 5}}; }), HasSubstr("no value"));
  EXPECT_THAT(error([](auto& o) { o.factors.clear(); }), HasSubstr("no factor is named"));
}

}  // namespace
}  // namespace assay::jobs
