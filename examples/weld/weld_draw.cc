// weld-draw: writes pictures of a weld line with all that is known about them.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "assay/base/error.h"
#include "assay/base/file.h"
#include "assay/imaging/encode.h"
#include "request.h"
#include "sheet.h"

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  const auto asked = [&words](const char* word) {
    return std::find(words.begin(), words.end(), word) != words.end();
  };
  try {
    if (asked("--help") || asked("--causes")) {
      std::fputs((asked("--help") ? weld::draw_usage() : weld::causes_page()).c_str(), stdout);
      return 0;
    }
    const weld::DrawRequest request = weld::parse_draw(words);
    if (request.sheet) {
      constexpr int kTile = 224, kQuality = 88;  // px, of 100
      const auto sheet = weld::contact_sheet(request.plan.seed, kTile);
      assay::write_file(request.out, assay::imaging::encode_jpeg(sheet, kQuality));
      return 0;
    }
    const auto start = std::chrono::steady_clock::now();
    weld::write_pictures(request);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    const auto count = static_cast<double>(request.count);
    std::printf("%s/manifest.csv: %.0f pictures of %d px in %.1f s, %.0f a second\n",
                request.out.c_str(), count, request.size, seconds.count(), count / seconds.count());
  } catch (const assay::InputError& e) {
    std::fprintf(stderr, "weld-draw: %s\n", e.what());
    return 2;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "weld-draw: defect: %s\n", e.what());
    return 70;
  }
}
