#include "assay/base/archive.h"

#include <gtest/gtest.h>

#include <limits>

namespace assay {
namespace {

struct Inner {
  std::string name;
  template <class A>
  void archive(A& a) {
    a(name);
  }
};
struct Outer {
  int number = 0;
  double value = 0;
  std::vector<float> floats;
  std::vector<Inner> inner;
  std::vector<std::string> texts;
  template <class A>
  void archive(A& a) {
    a(number, value, floats, inner, texts);
  }
};

Outer sample() {
  return {-3, 0.1, {1, std::numeric_limits<float>::infinity()}, {{"a"}, {""}}, {"x\0y", "z"}};
}

TEST(Archive, ReadsBackWhatItWrote) {
  const Outer before = sample();
  const auto after = from_bytes<Outer>(to_bytes(before));
  EXPECT_EQ(after.number, -3);
  EXPECT_EQ(after.value, 0.1);
  EXPECT_EQ(after.floats, before.floats);
  ASSERT_EQ(after.inner.size(), 2u);
  EXPECT_EQ(after.inner[0].name, "a");
  EXPECT_EQ(after.texts, before.texts);
}

TEST(Archive, RefusesEveryTruncationAndAnyTail) {
  const std::string bytes = to_bytes(sample());
  for (std::size_t n = 0; n < bytes.size(); ++n)
    EXPECT_THROW(from_bytes<Outer>(std::string_view(bytes).substr(0, n)), InputError) << n;
  EXPECT_THROW(from_bytes<Outer>(bytes + "x"), InputError);
}

TEST(Archive, RefusesALengthThatTheBytesCannotHold) {
  std::string bytes = to_bytes(sample());
  bytes[12 + 7] = '\x7f';  // the highest byte of floats' length
  EXPECT_THROW(from_bytes<Outer>(bytes), InputError);
}

}  // namespace
}  // namespace assay
