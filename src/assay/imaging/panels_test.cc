#include "assay/imaging/panels.h"

#include <gtest/gtest.h>

#include "assay/base/error.h"
#include "assay/imaging/decode.h"

namespace assay::imaging {
namespace {

Picture grey(int height, int width, std::uint8_t value) {
  return {height, width, 1, 8,
          std::vector<std::uint8_t>(static_cast<std::size_t>(height * width), value)};
}

std::vector<int> pixel(const Picture& p, int x, int y) {
  const auto* at = p.bytes.data() + (y * p.width + x) * 3;
  return {at[0], at[1], at[2]};
}

// The left half of what the model sees, which is the middle half of the picture's width.
Region left_of_the_middle() { return {1, 2, {1, 0}, {0.25, 0, 0.75, 1}}; }

TEST(Panels, StandSideBySideAndShowWhatIsShadedAndReplaced) {
  const std::vector<Panel> panels{{"picture", {}, {}, {}},
                                  {"map", Overlay{1, 1, {1}, 0, {0, 0, 1, 1}, false}, {}, {}},
                                  {"invalid", {}, left_of_the_middle(), {}},
                                  {"replaced", {}, {}, Replacement{7, left_of_the_middle()}},
                                  {"another", {}, {}, {}, 9}};
  std::vector<std::int64_t> asked;
  const Picture drawn =
      decode(panels_png(grey(224, 224, 100), panels,
                        [&](std::int64_t row) {
                          asked.push_back(row);
                          return grey(row == 7 ? 50 : 224, row == 7 ? 80 : 224, 200);
                        }),
             "panels");
  EXPECT_EQ(asked, (std::vector<std::int64_t>{7, 9}));
  EXPECT_EQ(drawn.width, 6 + 5 * (224 + 6));
  const auto at = [&](int panel, int x) { return pixel(drawn, 6 + panel * 230 + x, 6 + 100); };
  const std::vector<int> plain{100, 100, 100};
  EXPECT_EQ(at(0, 80), plain);
  EXPECT_NE(at(1, 80), plain);
  EXPECT_EQ(at(4, 80), (std::vector{200, 200, 200}));
  for (const int x : {20, 54, 120, 200}) {  // outside of the left half of [56, 168)
    EXPECT_EQ(at(2, x), plain) << x;
    EXPECT_EQ(at(3, x), plain) << x;
  }
  for (const int x : {57, 80, 110}) {
    EXPECT_GT(at(2, x)[0], at(2, x)[2] + 30) << x;
    EXPECT_EQ(at(3, x), (std::vector{200, 200, 200})) << x;
  }
}

TEST(Panels, RefuseARegionThatIsNone) {
  const std::vector<Panel> panels{{"x", {}, Region{2, 2, {1}, {0, 0, 1, 1}}, {}}};
  EXPECT_THROW(panels_png(grey(9, 9, 1), panels, {}), BugError);
}

}  // namespace
}  // namespace assay::imaging
