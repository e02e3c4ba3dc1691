#include "assay/report/inline_markdown.h"

#include <algorithm>

namespace assay::report {
namespace {

constexpr int kDeepest = 8;  // emphasis inside emphasis

bool is_word(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
         static_cast<unsigned char>(c) >= 0x80;
}

bool safe_link(std::string_view url) {
  return (url.starts_with("https://") || url.starts_with("http://")) &&
         url.find_first_of(" \t\"<>") == url.npos;
}

Markup emphasised(std::string_view text, int depth);

// Where the emphasis opened by `mark` at `at` closes, or npos.
std::size_t closing(std::string_view text, std::size_t at, std::string_view mark) {
  const std::size_t inside = at + mark.size();
  if (inside >= text.size() || text[inside] == ' ') return text.npos;
  const bool at_words_only = mark.front() == '_';
  if (at_words_only && at > 0 && is_word(text[at - 1])) return text.npos;
  for (std::size_t end = text.find(mark, inside + 1); end != text.npos;
       end = text.find(mark, end + 1)) {
    const std::size_t after = end + mark.size();
    if (text[end - 1] == ' ' || text[end - 1] == '\\') continue;
    if (at_words_only && after < text.size() && is_word(text[after])) continue;
    if (mark.size() == 1 && after < text.size() && text[after] == mark.front()) {
      ++end;  // the first half of a double mark
      continue;
    }
    return end;
  }
  return text.npos;
}

// One inline construct at text[at]: what it becomes and how many bytes it takes; 0: none starts
// here.
struct Piece {
  Markup html;
  std::size_t bytes = 0;
};

Piece code_piece(std::string_view text, std::size_t at) {
  const std::size_t ticks = std::min(text.find_first_not_of('`', at), text.size()) - at;
  const std::string_view fence = text.substr(at, ticks);
  std::size_t end = text.find(fence, at + ticks);
  while (end != text.npos && end + ticks < text.size() && text[end + ticks] == '`')
    end = text.find(fence, std::min(text.find_first_not_of('`', end), text.size()));
  Piece piece;
  if (end == text.npos) {  // an unclosed run of ticks is itself
    piece.html << fence;
    piece.bytes = ticks;
    return piece;
  }
  std::string_view code = text.substr(at + ticks, end - at - ticks);
  if (code.size() > 2 && code.front() == ' ' && code.back() == ' ')
    code = code.substr(1, code.size() - 2);
  piece.html << "<code>" << code << "</code>";
  piece.bytes = end + ticks - at;
  return piece;
}

Piece link_piece(std::string_view text, std::size_t at, int depth) {
  Piece piece;
  if (text[at] == '<') {
    const auto end = text.find('>', at);
    if (end == text.npos || !safe_link(text.substr(at + 1, end - at - 1))) return piece;
    const std::string_view url = text.substr(at + 1, end - at - 1);
    piece.html << "<a href=\"" << url << "\" rel=\"noopener noreferrer\">" << url << "</a>";
    piece.bytes = end + 1 - at;
    return piece;
  }
  const auto middle = text.find("](", at);
  if (middle == text.npos || text.substr(at + 1, middle - at - 1).find('[') != text.npos)
    return piece;
  const auto end = text.find(')', middle);
  if (end == text.npos) return piece;
  const std::string_view url = trimmed(text.substr(middle + 2, end - middle - 2));
  const Markup words = emphasised(text.substr(at + 1, middle - at - 1), depth + 1);
  if (safe_link(url))
    piece.html << "<a href=\"" << url << "\" rel=\"noopener noreferrer\">" << words << "</a>";
  else
    piece.html << words;
  piece.bytes = end + 1 - at;
  return piece;
}

Piece emphasis_piece(std::string_view text, std::size_t at, int depth) {
  Piece piece;
  for (const std::string_view mark : {std::string_view("**"), std::string_view("__"),
                                      std::string_view("*"), std::string_view("_")}) {
    if (!text.substr(at).starts_with(mark)) continue;
    const std::size_t end = closing(text, at, mark);
    if (end == text.npos) continue;
    const Markup inside =
        emphasised(text.substr(at + mark.size(), end - at - mark.size()), depth + 1);
    if (mark.size() == 2)
      piece.html << "<strong>" << inside << "</strong>";
    else
      piece.html << "<em>" << inside << "</em>";
    piece.bytes = end + mark.size() - at;
    return piece;
  }
  return piece;
}

Piece piece_at(std::string_view text, std::size_t at, int depth) {
  switch (text[at]) {
    case '`':
      return code_piece(text, at);
    case '[':
    case '<':
      return link_piece(text, at, depth);
    case '*':
    case '_':
      return emphasis_piece(text, at, depth);
    case '\\':
      if (at + 1 < text.size() &&
          std::string_view("\\`*_[]()<>#+-.!|{}").find(text[at + 1]) != text.npos) {
        Piece piece;
        piece.html << text.substr(at + 1, 1);
        piece.bytes = 2;
        return piece;
      }
      return {};
    default:
      return {};
  }
}

Markup emphasised(std::string_view text, int depth) {
  Markup html;
  if (depth > kDeepest) return html << text;
  std::size_t plain = 0;
  for (std::size_t at = 0; at < text.size();) {
    const Piece piece = piece_at(text, at, depth);
    if (piece.bytes == 0) {
      ++at;
      continue;
    }
    html << text.substr(plain, at - plain) << piece.html;
    at += piece.bytes;
    plain = at;
  }
  return html << text.substr(plain);
}

}  // namespace

std::string_view trimmed(std::string_view s) {
  const auto first = s.find_first_not_of(" \t");
  if (first == s.npos) return {};
  return s.substr(first, s.find_last_not_of(" \t") - first + 1);
}

Markup inline_html(std::string_view text) { return emphasised(text, 0); }

}  // namespace assay::report
