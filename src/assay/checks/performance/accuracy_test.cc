#include "assay/checks/performance/accuracy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <set>

#include "assay/base/error.h"
#include "assay/base/seed.h"
#include "assay/stats/bound.h"
#include "assay/stats/interval.h"

namespace assay::checks {
namespace {

static_assert(Check<Accuracy>);
static_assert(!MeasuringCheck<Accuracy>);

using testing::HasSubstr;

const Facts kThree{{"cat", "dog", "a/b"}, 7};

CleanRecord record(int label, std::vector<float> logits, std::int64_t row = 0) {
  CleanRecord r;
  r.row = row;
  r.id = "p" + std::to_string(row) + ".png";
  r.label = label;
  r.logits = std::move(logits);
  return r;
}

// 4 cats (one taken for a dog), 3 dogs (one taken for a cat, one without an answer), none of a/b.
std::vector<CleanRecord> example() {
  const float nan = std::nanf("");
  return {record(0, {2, 1, 0}, 0),  record(0, {2, 2, 0}, 1), record(0, {9, 1, 0}, 2),
          record(0, {0, 9, 0}, 3),  record(1, {0, 4, 0}, 4), record(1, {4, 3, 0}, 5),
          record(1, {0, nan, 0}, 6)};
}

Accuracy::Params few() { return {200, 12}; }

const Finding& named(const std::vector<Finding>& findings, const std::string& id) {
  for (const auto& f : findings)
    if (f.id == id) return f;
  throw BugError("no finding " + id);
}

TEST(Accuracy, CountsByHand) {
  const auto records = example();
  const auto f = Accuracy::findings(Accuracy::summarise(records, few(), kThree));
  const Finding& top1 = named(f, "top1");
  EXPECT_DOUBLE_EQ(top1.value, 4.0 / 7);
  EXPECT_EQ(top1.n, 7);
  EXPECT_EQ(top1.interval->low, stats::clopper_pearson({4, 7}).low);
  EXPECT_EQ(top1.interval->method, "Clopper-Pearson");
  EXPECT_DOUBLE_EQ(named(f, "recall/cat").value, 0.75);
  EXPECT_DOUBLE_EQ(named(f, "top1/cat").value, 0.75);
  EXPECT_DOUBLE_EQ(named(f, "precision/cat").value, 0.75);
  EXPECT_DOUBLE_EQ(named(f, "f1/cat").value, 0.75);
  EXPECT_EQ(named(f, "f1/cat").interval->method, "bootstrap by class");
  EXPECT_DOUBLE_EQ(named(f, "recall/dog").value, 1.0 / 3);
  EXPECT_DOUBLE_EQ(named(f, "precision/dog").value, 0.5);
  EXPECT_DOUBLE_EQ(named(f, "f1/dog").value, 2.0 / 5);
  EXPECT_DOUBLE_EQ(named(f, "balanced_accuracy").value, (0.75 + 1.0 / 3) / 2);
  for (const char* id : {"top1/a%2Fb", "precision/a%2Fb", "recall/a%2Fb", "f1/a%2Fb"}) {
    EXPECT_EQ(named(f, id).status, FindingStatus::kUndefined) << id;
    EXPECT_FALSE(named(f, id).note.empty()) << id;
  }
}

TEST(Accuracy, AClassNeverGivenHasNoPrecisionButARecallAndAnF1) {
  const std::vector<CleanRecord> records{record(0, {1, 0, 0}), record(1, {1, 0, 0})};
  const auto f = Accuracy::findings(Accuracy::summarise(records, few(), kThree));
  EXPECT_EQ(named(f, "precision/dog").status, FindingStatus::kUndefined);
  EXPECT_EQ(named(f, "recall/dog").value, 0);
  EXPECT_EQ(named(f, "f1/dog").value, 0);
}

TEST(Accuracy, TiesGoToTheLowestIndexInTopOneAndTopFive) {
  const Facts six{{"a", "b", "c", "d", "e", "f"}, 0};
  const std::vector<CleanRecord> records{
      record(0, {1, 1, 1, 1, 1, 1}),   // first of six equals: right
      record(4, {1, 1, 1, 1, 1, 1}),   // fifth: among the five
      record(5, {1, 1, 1, 1, 1, 1}),   // sixth: not
      record(5, {0, 1, 1, 1, 1, 0}),   // behind four larger and one equal: not
      record(0, {0, 1, 1, 1, 1, 0})};  // behind four larger, before its equal: among the five
  const auto f = Accuracy::findings(Accuracy::summarise(records, few(), six));
  EXPECT_DOUBLE_EQ(named(f, "top1").value, 0.2);
  EXPECT_DOUBLE_EQ(named(f, "top5").value, 0.6);
}

TEST(Accuracy, TopFiveIsAbsentBelowSixClasses) {
  const Facts five{{"a", "b", "c", "d", "e"}, 0};
  const std::vector<CleanRecord> records{record(0, {1, 0, 0, 0, 0})};
  for (const auto& f : Accuracy::findings(Accuracy::summarise(records, few(), five)))
    EXPECT_NE(f.id, "top5");
}

TEST(Accuracy, IdsDependOnTheLabelsAlone) {
  const auto none = Accuracy::findings(Accuracy::summarise({}, few(), kThree));
  const auto records = example();
  const auto some = Accuracy::findings(Accuracy::summarise(records, few(), kThree));
  ASSERT_EQ(none.size(), some.size());
  std::set<std::string> ids;
  for (std::size_t i = 0; i < none.size(); ++i) {
    EXPECT_EQ(none[i].id, some[i].id);
    EXPECT_EQ(none[i].status, FindingStatus::kUndefined);
    EXPECT_TRUE(ids.insert(none[i].id).second) << none[i].id;
  }
  EXPECT_THAT(Accuracy::present(Accuracy::summarise({}, few(), kThree)).answer,
              HasSubstr("Nothing can be said"));
}

TEST(Accuracy, APerfectScoreOnFewPicturesIsNotProofOfPerfection) {
  std::vector<CleanRecord> records;
  for (int i = 0; i < 20; ++i)
    records.push_back(record(i % 2, {i % 2 ? 0.f : 1.f, i % 2 ? 1.f : 0.f, 0}));
  const auto f = Accuracy::findings(Accuracy::summarise(records, {1000, 0}, kThree));
  EXPECT_LT(named(f, "balanced_accuracy").interval->low, 0.9);
  EXPECT_LT(named(f, "f1/cat").interval->low, 0.85);
}

TEST(Accuracy, CountsClustersWhereTheDataNameThem) {
  std::vector<CleanRecord> records;
  for (int i = 0; i < 200; ++i) {
    const bool right = (i / 20) % 3 != 0;  // a cluster of twenty is right or wrong as a whole
    records.push_back(
        record(i % 2, {(i % 2 == 0) == right ? 1.f : 0.f, (i % 2 == 1) == right ? 1.f : 0.f, 0}));
    records.back().cluster = "video" + std::to_string(i / 20);
  }
  const auto f = Accuracy::findings(Accuracy::summarise(records, {1000, 0}, kThree));
  for (const char* id : {"top1", "recall/cat", "precision/dog", "balanced_accuracy", "f1/dog"}) {
    EXPECT_EQ(named(f, id).n, 10) << id;
    EXPECT_EQ(named(f, id).interval->method, "bootstrap by cluster") << id;
    EXPECT_GT(named(f, id).interval->high - named(f, id).interval->low, 0.4) << id;
  }
}

TEST(Accuracy, ShowsTheMatrixTheConfusionsAndTheWorstMistakes) {
  const auto records = example();
  const Section s = Accuracy::present(Accuracy::summarise(records, few(), kThree));
  EXPECT_THAT(s.answer, HasSubstr("57.14 % of 7 pictures"));
  EXPECT_THAT(s.answer, HasSubstr("cat taken for dog, 1 picture"));
  ASSERT_EQ(s.warnings.size(), 1u);
  EXPECT_THAT(s.warnings[0], HasSubstr("not a finite number for 1 picture"));
  EXPECT_THAT(s.notes, testing::Contains(HasSubstr("1 of 3 classes have no picture")));

  ASSERT_GE(s.figures.size(), 2u);
  EXPECT_EQ(s.figures[0].kind, FigureKind::kMatrix);
  EXPECT_EQ(s.figures[0].matrix, (std::vector<double>{3, 1, 0, 1, 1, 0, 0, 0, 0}));
  EXPECT_EQ(s.figures[1].labels, (std::vector<std::string>{"cat", "dog"}));

  ASSERT_EQ(s.exhibits.size(), 3u);
  EXPECT_EQ(s.exhibits[0].title, "The most confident mistakes");
  ASSERT_EQ(s.exhibits[0].exhibits.size(), 2u);
  EXPECT_EQ(s.exhibits[0].exhibits[0].row, 3);  // a margin of 9 before one of 1
  EXPECT_EQ(s.exhibits[0].exhibits[0].caption,
            "p3.png: labelled cat, given dog with probability 1");
  EXPECT_EQ(s.exhibits[1].title, "cat taken for dog");
  EXPECT_EQ(s.exhibits[2].title, "dog taken for cat");
  EXPECT_EQ(s.tables[1].rows[0], (std::vector<std::string>{"cat", "dog", "1", "25 %"}));
  std::set<std::string> ids;
  for (const auto& group : s.exhibits)
    for (const auto& e : group.exhibits) EXPECT_TRUE(ids.insert(e.id).second) << e.id;
}

TEST(Accuracy, WarnsOfAModelThatAlwaysSaysTheSame) {
  const std::vector<CleanRecord> records{record(0, {1, 0, 0}), record(1, {1, 0, 0})};
  const Section s = Accuracy::present(Accuracy::summarise(records, few(), kThree));
  EXPECT_THAT(s.warnings, testing::Contains(HasSubstr("the same class")));
}

TEST(Accuracy, ShowsTheWorstClassesWhereAMatrixWouldBeTooLarge) {
  Facts facts;
  for (int c = 0; c < 100; ++c) facts.labels.push_back("class " + std::to_string(c));
  std::vector<CleanRecord> records;
  for (int i = 0; i < 300; ++i) {
    std::vector<float> logits(100, 0.f);
    logits[static_cast<std::size_t>(i % 100 == 42 ? 43 : i % 100)] = 1;
    records.push_back(record(i % 100, std::move(logits), i));
  }
  const Section s = Accuracy::present(Accuracy::summarise(records, few(), facts));
  EXPECT_EQ(s.figures.size(), 1u);
  EXPECT_EQ(s.figures[0].labels.size(), 30u);
  EXPECT_THAT(s.figures[0].labels, testing::IsSupersetOf({"class 42", "class 43"}));
  EXPECT_THAT(s.figures[0].caption, HasSubstr("30 of 100 classes"));
  EXPECT_EQ(s.tables[0].rows[0][0], "class 42");
}

TEST(Accuracy, OnePictureAndTwoClassesWork) {
  const std::vector<CleanRecord> records{record(1, {0, 1})};
  const auto f = Accuracy::findings(Accuracy::summarise(records, few(), {{"no", "yes"}, 0}));
  EXPECT_EQ(named(f, "top1").value, 1);
  EXPECT_NEAR(named(f, "top1").interval->low, 0.025, 1e-12);
}

TEST(Accuracy, SameSeedSameNumbers) {
  const auto records = example();
  const auto a = Accuracy::findings(Accuracy::summarise(records, few(), kThree));
  const auto b = Accuracy::findings(Accuracy::summarise(records, few(), kThree));
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(stats::lower_bound(a[i], 0.9), stats::lower_bound(b[i], 0.9)) << a[i].id;
    EXPECT_EQ(stats::upper_bound(a[i], 0.9), stats::upper_bound(b[i], 0.9)) << a[i].id;
  }
}

}  // namespace
}  // namespace assay::checks
