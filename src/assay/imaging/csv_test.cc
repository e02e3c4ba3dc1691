#include "assay/imaging/csv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "assay/imaging/files_test.h"

namespace assay::imaging {
namespace {

using testing::ElementsAre;

std::vector<std::vector<std::string>> fields_of(const std::string& text) {
  std::vector<std::vector<std::string>> all;
  for (const CsvRecord& r : parse_csv(text, "m.csv")) all.push_back(r.fields);
  return all;
}

TEST(Csv, ReadsQuotesLineEndsAndTheByteOrderMark) {
  EXPECT_THAT(fields_of("\xEF\xBB\xBFpath,label\r\n\"a,1.png\",\"say \"\"hi\"\"\"\n\r\n,x"),
              ElementsAre(ElementsAre("path", "label"), ElementsAre("a,1.png", "say \"hi\""),
                          ElementsAre("", "x")));
  EXPECT_THAT(fields_of("a,\n\"\",b\n"), ElementsAre(ElementsAre("a", ""), ElementsAre("", "b")));
  EXPECT_THAT(fields_of(""), ElementsAre());
  EXPECT_THAT(fields_of("a b , c"), ElementsAre(ElementsAre("a b ", " c")));
}

TEST(Csv, CountsLinesThroughQuotedLineEnds) {
  const auto records = parse_csv("a\n\"two\nlines\"\n\nlast", "m.csv");
  ASSERT_EQ(records.size(), 3u);
  EXPECT_EQ(records[1].line, 2);
  EXPECT_EQ(records[1].fields[0], "two\nlines");
  EXPECT_EQ(records[2].line, 5);
}

TEST(Csv, NamesTheLineOfAnError) {
  const auto error = [](const std::string& text) {
    return error_of([&] { parse_csv(text, "m.csv"); });
  };
  EXPECT_EQ(error("a\nb\"c\n"), "m.csv:2: a quote inside a field that does not begin with one");
  EXPECT_EQ(error("a\n\"b\"c\n"), "m.csv:2: text after a closing quote");
  EXPECT_EQ(error("a\n\"b\nc\nd"), "m.csv:2: a quoted field does not end");
  EXPECT_EQ(error(std::string("a\0b", 3)), "m.csv:1: a zero byte; is this a CSV file?");
}

}  // namespace
}  // namespace assay::imaging
