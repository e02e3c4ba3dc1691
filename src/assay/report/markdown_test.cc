#include "assay/report/markdown.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace assay::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string html(std::string_view markdown) { return markdown_html(markdown).text(); }

TEST(Markdown, RendersParagraphsAndHeadings) {
  EXPECT_EQ(html("# One\n\ntwo\nthree\n\nfour"), "<h1>One</h1>\n<p>two three</p>\n<p>four</p>\n");
  EXPECT_EQ(html("#nothing"), "<p>#nothing</p>\n");
}

TEST(Markdown, ShiftsHeadingsAndLeavesTheTitleOut) {
  const MarkdownStyle style{3, Heading::kWithoutTitle};
  EXPECT_EQ(markdown_html("\n# Title\n\n## Next\n###### Deep", style).text(),
            "<h4>Next</h4>\n<h6>Deep</h6>\n");
  EXPECT_EQ(markdown_html("## Next", style).text(), "<h4>Next</h4>\n");
}

TEST(Markdown, EmphasisesButKeepsNamesWhole) {
  EXPECT_EQ(html("*a* **b** _c_ ece_null_x 2 * 3 * 4"),
            "<p><em>a</em> <strong>b</strong> <em>c</em> ece_null_x 2 * 3 * 4</p>\n");
  EXPECT_EQ(html("**a *b* c**"), "<p><strong>a <em>b</em> c</strong></p>\n");
  EXPECT_EQ(html("\\*not\\*"), "<p>*not*</p>\n");
  EXPECT_EQ(html("*open"), "<p>*open</p>\n");
}

TEST(Markdown, TakesCodeVerbatim) {
  EXPECT_EQ(html("`a*b*<c>`"), "<p><code>a*b*&lt;c&gt;</code></p>\n");
  EXPECT_EQ(html("``a`b``"), "<p><code>a`b</code></p>\n");
  EXPECT_EQ(html("`open"), "<p>`open</p>\n");
  EXPECT_EQ(html("```yaml\n# a: <b>\n\n- c\n```\nend"),
            "<pre><code># a: &lt;b&gt;\n\n- c\n</code></pre>\n<p>end</p>\n");
  EXPECT_EQ(html("```\nopen"), "<pre><code>open\n</code></pre>\n");
}

TEST(Markdown, RendersListsWithContinuationsAndNesting) {
  EXPECT_EQ(html("- a\n  b\n- c"), "<ul>\n<li>a b\n</li>\n<li>c\n</li>\n</ul>\n");
  EXPECT_EQ(html("1. a\n2. b\n\nend"), "<ol>\n<li>a\n</li>\n<li>b\n</li>\n</ol>\n<p>end</p>\n");
  EXPECT_EQ(html("- a\n  - b\n- c"),
            "<ul>\n<li>a\n<ul>\n<li>b\n</li>\n</ul>\n</li>\n<li>c\n</li>\n</ul>\n");
  EXPECT_EQ(html("- a\n\n  b"), "<ul>\n<li><p>a</p>\n<p>b</p>\n</li>\n</ul>\n");
}

TEST(Markdown, RendersTables) {
  EXPECT_EQ(
      html("| a | b |\n|---|:-:|\n| `x|y` | 2 | 3 |\n| 4 |"),
      "<div class=\"scroll\"><table><thead><tr><th scope=\"col\">a</th><th scope=\"col\">b</th>"
      "</tr></thead><tbody>\n<tr><td><code>x|y</code></td><td>2</td></tr>\n"
      "<tr><td>4</td><td></td></tr>\n</tbody></table></div>\n");
  EXPECT_EQ(html("a | b\nc"), "<p>a | b c</p>\n");
}

TEST(Markdown, LinksLeadToTheWebOnly) {
  EXPECT_EQ(html("[a](https://b.org/c?d=1&e)"),
            "<p><a href=\"https://b.org/c?d=1&amp;e\" rel=\"noopener noreferrer\">a</a></p>\n");
  EXPECT_EQ(html("<https://b.org>"),
            "<p><a href=\"https://b.org\" rel=\"noopener noreferrer\">https://b.org</a></p>\n");
  for (const char* bad : {"javascript:alert(1)", " JavaScript:alert(1)", "data:text/html,x",
                          "file:///etc", "//evil.org", "https://a\" onclick=\"x"})
    EXPECT_THAT(html(std::string("[a](") + bad + ")"), Not(HasSubstr("<a"))) << bad;
}

TEST(Markdown, ShowsHtmlInsteadOfObeyingIt) {
  EXPECT_EQ(html("<script>x</script>"), "<p>&lt;script&gt;x&lt;/script&gt;</p>\n");
  EXPECT_THAT(html("# <img src=x>\n- <b>\n\n> <i>\n\n|<u>|\n|-|"), Not(HasSubstr("<img")));
}

TEST(Markdown, RendersQuotesAndRules) {
  EXPECT_EQ(html("> a\n> b\n\n---"), "<blockquote><p>a b</p>\n</blockquote>\n<hr>\n");
}

TEST(Markdown, EndsOnAnyText) {
  // Fragments of syntax in every order of four: none may hang, crash or lose the words.
  const std::string parts[] = {"- ", "> ", "```", "|",    "**",   "`", "[",
                               "](", "\n", "1. ", "word", "    ", "\\"};
  for (const auto& a : parts)
    for (const auto& b : parts)
      for (const auto& c : parts)
        for (const auto& d : parts) html(a + b + c + d);
  std::string deep;
  for (int i = 0; i < 3000; ++i)
    deep += std::string(static_cast<std::size_t>(i % 40), ' ') + "- > *_[";
  html(deep);
  html(std::string(20000, '>'));
  EXPECT_EQ(html(""), "");
}

}  // namespace
}  // namespace assay::report
