#include "assay/report/exhibit_html.h"

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <system_error>

#include "assay/base/field.h"

namespace assay::report {
namespace {

constexpr std::uintmax_t kMostBytes = 16u << 20;
constexpr std::string_view kPngSignature = "\x89PNG\r\n\x1A\n";

// Names come from the plan: one that could leave the folder names no picture.
bool stays_inside(const std::string& name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == name.npos &&
         name.find('\0') == name.npos;
}

struct Png {
  std::string bytes;
  std::uint32_t width = 0, height = 0;
};

std::uint32_t big_endian(std::string_view bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i)
    value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

// Empty bytes where there is no usable picture.
Png read_png(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error) || error) return {};
  const std::uintmax_t size = std::filesystem::file_size(path, error);
  if (error || size > kMostBytes) return {};
  Png png;
  png.bytes.resize(size);
  std::ifstream file(path, std::ios::binary);
  file.read(png.bytes.data(), static_cast<std::streamsize>(size));
  // Signature, then the header chunk: length, "IHDR", width, height.
  if (!file || size < 33 || !png.bytes.starts_with(kPngSignature) ||
      png.bytes.substr(12, 4) != "IHDR")
    return {};
  png.width = big_endian(png.bytes, 16);
  png.height = big_endian(png.bytes, 20);
  return png;
}

Markup exhibit_html(const Png& png, const std::string& group, const Exhibit& e) {
  Markup html;
  html << "<figure class=\"" << (e.panels.empty() ? "picture" : "picture panels") << "\"";
  if (!e.sort_keys.empty()) {
    html << " data-values=\"";
    for (std::size_t i = 0; i < e.sort_keys.size(); ++i)
      html << (i > 0 ? " " : "") << to_text(e.sort_keys[i].second);
    html << "\"";
  }
  html << ">";
  if (png.bytes.empty()) {
    html << "<div class=\"missing\" role=\"img\" aria-label=\"Picture not available\">picture not "
            "available</div>";
  } else {
    html << "<img alt=\"" << one_line(group) << ", picture " << std::to_string(e.row) << ": "
         << one_line(e.caption) << "\" width=\"" << std::to_string(png.width) << "\" height=\""
         << std::to_string(png.height) << "\" src=\"data:image/png;base64,"
         << Markup::trusted(base64(png.bytes)) << "\">";
  }
  return html << "<figcaption>" << e.caption << "</figcaption></figure>\n";
}

// The names that the script makes buttons of, where all exhibits have their numbers.
Markup sortable(const ExhibitGroup& group) {
  Markup html;
  const auto& keys = group.exhibits.front().sort_keys;
  if (keys.empty() || group.exhibits.size() < 2 ||
      std::any_of(group.exhibits.begin(), group.exhibits.end(),
                  [&](const Exhibit& e) { return e.sort_keys.size() != keys.size(); }))
    return html;
  html << " data-keys=\"";
  for (std::size_t i = 0; i < keys.size(); ++i)
    html << (i > 0 ? "|" : "") << one_line(keys[i].first);
  return html << "\"";
}

}  // namespace

std::string base64(std::string_view bytes) {
  constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::size_t have = std::min<std::size_t>(3, bytes.size() - at);
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i)
      group = group << 8 | (i < have ? static_cast<unsigned char>(bytes[at + i]) : 0u);
    for (std::size_t i = 0; i < 4; ++i)
      text += i <= have ? kDigits[group >> (18 - 6 * i) & 63] : '=';
  }
  return text;
}

Markup exhibits_html(const CheckOutcome& check, const std::filesystem::path& directory) {
  Markup html;
  const auto folder = directory / "exhibits" / (stays_inside(check.name) ? check.name : ".");
  for (const ExhibitGroup& group : check.section.exhibits) {
    if (group.exhibits.empty()) continue;
    html << "<h3>" << group.title << "</h3>\n<div class=\"pictures\"" << sortable(group) << ">\n";
    for (const Exhibit& e : group.exhibits) {
      const bool nameable = stays_inside(check.name) && stays_inside(e.id);
      html << exhibit_html(nameable ? read_png(folder / (e.id + ".png")) : Png{}, group.title, e);
    }
    html << "</div>\n";
  }
  return html;
}

}  // namespace assay::report
