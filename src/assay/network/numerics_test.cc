#include "assay/network/numerics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "assay/base/error.h"
#include "assay/network/classifier.h"
#include "assay/network/operator_run_test.h"

namespace assay::network {
namespace {

// A budget for one test.
class Budget {
 public:
  explicit Budget(std::uint64_t bytes) : before_(memory_budget()) {
    configure_numerics();
    set_memory_budget(bytes);
  }
  Budget(const Budget&) = delete;
  Budget& operator=(const Budget&) = delete;
  ~Budget() { set_memory_budget(before_); }

 private:
  std::uint64_t before_;
};

TEST(MemoryBudget, IsHalfOfTheMachinesMemoryUnlessSet) {
  EXPECT_GT(memory_budget(), std::uint64_t{1} << 28);
  const std::uint64_t before = memory_budget();
  {
    const Budget small(1 << 20);
    EXPECT_EQ(memory_budget(), std::uint64_t{1} << 20);
  }
  EXPECT_EQ(memory_budget(), before);
}

// One node that wants far more than a megabyte, as each operator can be asked to.
std::vector<std::pair<std::string, OnnxBuilder>> greedy(const at::Tensor& x) {
  std::vector<std::pair<std::string, OnnxBuilder>> all;
  const auto make = [&](const std::string& name, auto build) {
    OnnxBuilder b = taking(x, 17);
    build(b);
    all.emplace_back(name, std::move(b));
  };
  make("Resize", [](OnnxBuilder& b) {
    b.ints("sizes", {4}, {1, 1, 1000, 1000}).node("Resize", {"x", "", "", "sizes"}, {"y"});
  });
  make("Resize by linear interpolation", [](OnnxBuilder& b) {
    b.floats("s", {4}, {1, 1, 1, 5e5f});
    set(b.node("Resize", {"x", "", "s"}, {"y"}), "mode", std::string("linear"));
  });
  make("Expand", [](OnnxBuilder& b) {
    b.ints("s", {4}, {1000, 1000, 1, 1}).node("Expand", {"x", "s"}, {"y"});
  });
  make("Pad", [](OnnxBuilder& b) {
    b.ints("p", {8}, {0, 0, 0, 0, 0, 0, 1000, 1000}).node("Pad", {"x", "p"}, {"y"});
  });
  make("Tile", [](OnnxBuilder& b) {
    b.ints("t", {4}, {1, 1000, 1000, 1}).node("Tile", {"x", "t"}, {"y"});
  });
  make("ConstantOfShape", [](OnnxBuilder& b) {
    b.ints("s", {2}, {1000, 1000}).node("ConstantOfShape", {"s"}, {"y"});
  });
  make("Range", [](OnnxBuilder& b) {
    b.ints("a", {}, {0}).ints("b", {}, {1'000'000}).ints("c", {}, {1});
    b.node("Range", {"a", "b", "c"}, {"y"});
  });
  make("OneHot", [](OnnxBuilder& b) {
    b.ints("i", {2}, {0, 1}).ints("d", {}, {1'000'000}).floats("v", {2}, {0, 1});
    b.node("OneHot", {"i", "d", "v"}, {"y"});
  });
  make("broadcasting", [](OnnxBuilder& b) {
    b.floats("a", {1000, 1}, std::vector<float>(1000))
        .floats("b", {1000}, std::vector<float>(1000));
    b.node("Add", {"a", "b"}, {"y"});
  });
  make("a product of matrices", [](OnnxBuilder& b) {
    b.floats("a", {1000, 1}, std::vector<float>(1000));
    b.floats("b", {1, 1000}, std::vector<float>(1000)).node("MatMul", {"a", "b"}, {"y"});
  });
  make("Conv", [](OnnxBuilder& b) {
    b.floats("w", {1, 1, 1, 1}, {1});
    set(b.node("Conv", {"x", "w"}, {"y"}), "pads", Dims{1000, 1000, 1000, 1000});
  });
  make("ConvTranspose", [](OnnxBuilder& b) {
    b.floats("w", {1, 1, 1, 1}, {1});
    set(b.node("ConvTranspose", {"x", "w"}, {"y"}), "strides", Dims{1000, 1000});
  });
  make("HannWindow",
       [](OnnxBuilder& b) { b.ints("n", {}, {1'000'000}).node("HannWindow", {"n"}, {"y"}); });
  make("CenterCropPad", [](OnnxBuilder& b) {
    b.model.mutable_opset_import(0)->set_version(18);
    b.ints("n", {4}, {1, 1, 1000, 1000}).node("CenterCropPad", {"x", "n"}, {"y"});
  });
  return all;
}

TEST(MemoryBudget, StopsEveryOperatorThatCanBeAskedForAnySize) {
  const at::Tensor x = at::ones({1, 1, 2, 2});
  for (const auto& [name, builder] : greedy(x)) {
    {
      const Budget enough(std::uint64_t{1} << 30);
      EXPECT_NO_THROW(run(builder, x)) << name;
    }
    const Budget small(1 << 20);
    try {
      run(builder, x);
      ADD_FAILURE() << name << " took more than a megabyte";
    } catch (const InputError& error) {
      EXPECT_THAT(error.what(), testing::Not(testing::HasSubstr("\n"))) << name;
    }
  }
}

}  // namespace
}  // namespace assay::network
