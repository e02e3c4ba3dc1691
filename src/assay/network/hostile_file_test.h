// What the tests of files made to hurt share: a small budget, a folder, and refusals in one line.
#pragma once

#include <gtest/gtest.h>

#include <functional>

#include "assay/network/hostile_model_test.h"
#include "assay/network/numerics.h"
#include "assay/network/onnx_builder_test.h"

namespace assay::network {

class HostileFile : public ::testing::Test {
 protected:
  HostileFile() {
    configure_numerics();
    set_memory_budget(tensor_memory() + (64 << 20));
  }
  ~HostileFile() override { set_memory_budget(before_); }

  // Empty: taken.
  std::string refusal_of_bytes(const std::string& bytes) {
    std::string refusal = refusal_of(folder_.write("model.onnx", bytes));
    EXPECT_EQ(refusal.find('\n'), std::string::npos) << refusal;
    return refusal;
  }
  std::string refusal_of_model(const OnnxBuilder& b) { return refusal_of_bytes(b.bytes()); }
  void expect_refused(const std::string& what, const OnnxBuilder& b) {
    EXPECT_NE(refusal_of_model(b), "") << what << " was taken";
  }

  TestFolder folder_;

 private:
  std::uint64_t before_ = memory_budget();
};

// From the picture to four logits by one more node, whose output is "t".
using AddNode = std::function<void(OnnxBuilder&)>;
inline OnnxBuilder around(const AddNode& node, int opset = 18) {
  OnnxBuilder b(opset);
  b.input("x", {-1, 3, 8, 8});
  node(b);
  b.ints("flat", {2}, {-1, 4}).node("Reshape", {"t", "flat"}, {"y"});
  return b.output("y");
}

}  // namespace assay::network
