#include "assay/report/markup.h"

#include <gtest/gtest.h>

namespace assay::report {
namespace {

std::string escaped(std::string_view text) { return (Markup() << text).text(); }

TEST(Markup, EscapesEveryTextButLiterals) {
  const std::string name = "<b class=\"x\">'&'";
  EXPECT_EQ((Markup() << "<td>" << name << "</td>").text(),
            "<td>&lt;b class=&quot;x&quot;&gt;&#39;&amp;&#39;</td>");
}

TEST(Markup, DoesNotEscapeMarkupTwice) {
  const Markup inner = Markup() << "<i>" << std::string("&") << "</i>";
  EXPECT_EQ((Markup() << inner).text(), "<i>&amp;</i>");
}

TEST(PlainText, KeepsGoodUtf8) {
  const std::string text = "Größe 目 \U0001F600 \t\n";
  EXPECT_EQ(plain_text(text), text);
}

TEST(PlainText, ReplacesBrokenBytesOneByOne) {
  EXPECT_EQ(plain_text("a\xff"
                       "b"),
            "a\uFFFDb");
  EXPECT_EQ(plain_text("\xc3"), "\uFFFD");                                // truncated
  EXPECT_EQ(plain_text("\xc0\xaf"), "\uFFFD\uFFFD");                      // overlong
  EXPECT_EQ(plain_text("\xe0\x80\x80"), "\uFFFD\uFFFD\uFFFD");            // overlong
  EXPECT_EQ(plain_text("\xed\xa0\x80"), "\uFFFD\uFFFD\uFFFD");            // a surrogate
  EXPECT_EQ(plain_text("\xf4\x90\x80\x80"), "\uFFFD\uFFFD\uFFFD\uFFFD");  // above U+10FFFF
}

TEST(PlainText, ReplacesWhatHidesOrReorders) {
  EXPECT_EQ(plain_text("\x1b[31m"), "\uFFFD[31m");
  EXPECT_EQ(plain_text(std::string_view("a\0b", 3)), "a\uFFFDb");
  EXPECT_EQ(plain_text("\u009B31m"), "\uFFFD31m");
  EXPECT_EQ(plain_text("\u202Egnp.exe"), "\uFFFDgnp.exe");
  EXPECT_EQ(plain_text("\uFFFF"), "\uFFFD");
}

TEST(PlainText, MakesEveryLineEndALineFeed) { EXPECT_EQ(plain_text("a\r\nb\rc"), "a\nb\nc"); }

TEST(PlainText, OneLineHasNoBreaks) { EXPECT_EQ(one_line("a\r\nb\tc\n"), "a b c "); }

TEST(Markup, EscapedTextHasNoAngleBracketsOrQuotes) {
  for (int c = 0; c < 256; ++c)
    EXPECT_EQ(escaped(std::string(1, static_cast<char>(c))).find_first_of("<>\"'"),
              std::string::npos);
}

}  // namespace
}  // namespace assay::report
