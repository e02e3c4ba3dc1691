#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <future>
#include <system_error>
#include <thread>

#include "assay/base/error.h"
#include "assay/base/field.h"
#include "assay/base/file.h"
#include "assay/imaging/encode.h"
#include "render.h"
#include "request.h"

namespace weld {

namespace {

using assay::imaging::encode_png;
using assay::imaging::Picture;
using assay::imaging::PngEffort;

// All digits, so that a reader gets the same number.
std::string exact(double v) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, v).ptr};
}

std::string list(const std::array<double, 3>& values) {
  return "[" + exact(values[0]) + ", " + exact(values[1]) + ", " + exact(values[2]) + "]";
}

std::string numbered(const char* folder, std::int64_t index, const char* extension) {
  std::string digits = std::to_string(index);
  digits.insert(0, digits.size() < 6 ? 6 - digits.size() : 0, '0');
  return std::string(folder) + "/" + digits + extension;
}

Picture sixteen_bits(const RawFrame& raw) {
  Picture picture{raw.size, raw.size, 1, 16, {}};
  const auto* first = reinterpret_cast<const std::uint8_t*>(raw.mosaic.data());
  picture.bytes.assign(first, first + 2 * raw.mosaic.size());
  return picture;
}

void write_picture(const DrawRequest& request, std::int64_t index) {
  const Drawn drawn = draw(make_frame(request.plan, index), request.size);
  const auto write = [&](const char* folder, const char* extension, const std::string& bytes) {
    assay::write_file(request.out + "/" + numbered(folder, index, extension), bytes);
  };
  write("pictures", ".png", encode_png(drawn.picture, PngEffort::kFast));
  write("raw", ".tiff", assay::imaging::encode_tiff(sixteen_bits(drawn.raw)));
  write("raw", ".yaml", sidecar_text(drawn.raw.sidecar));
  write("masks", ".png", encode_png(drawn.mask));
  write("defects", ".png", encode_png(drawn.defect));
}

}  // namespace

std::string sidecar_text(const Sidecar& s) {
  std::string text = "black_level: " + std::to_string(s.black_level) +
                     "\nwhite_level: " + std::to_string(s.white_level) +
                     "\ncfa: " + std::string(s.cfa) + "\nwhite_balance: " + list(s.white_balance) +
                     "\ncolor_matrix:  # white-balanced camera RGB to linear sRGB\n";
  for (const auto& row : s.colour_matrix) text += "  - " + list(row) + "\n";
  return text;
}

std::string manifest_text(const Plan& plan, std::int64_t count) {
  const auto classes = assay::split_choices(assay::Choice{kClassWords});
  std::string text = "path,raw,label,mask,defect_mask,cluster,split,duplicate_of";
  for (const CauseRow& row : cause_table()) text += "," + std::string(row.name);
  text += "\n";
  for (std::int64_t i = 0; i < count; ++i) {
    const Frame frame = make_frame(plan, i);
    text += numbered("pictures", i, ".png") + "," + numbered("raw", i, ".tiff") + "," +
            classes[static_cast<std::size_t>(frame.label)] + "," + numbered("masks", i, ".png") +
            "," + numbered("defects", i, ".png") + ",part-" + std::to_string(frame.part) +
            (frame.test ? ",test," : ",train,");
    if (frame.duplicate_of >= 0) text += numbered("pictures", frame.duplicate_of, ".png");
    for (std::size_t c = 0; c < kCauses; ++c)
      text += "," + value_text(cause_table()[c], frame.causes[c]);
    text += "\n";
  }
  return text;
}

void write_pictures(const DrawRequest& request) {
  for (const char* folder : {"pictures", "raw", "masks", "defects"}) {
    std::error_code error;
    std::filesystem::create_directories(request.out + "/" + folder, error);
    if (error) throw assay::InputError(request.out, "cannot be written: " + error.message());
  }
  const unsigned cores = std::max(1u, std::thread::hardware_concurrency());
  const int threads = request.threads > 0 ? request.threads : static_cast<int>(cores);
  std::atomic<std::int64_t> next = 0;
  const auto work = [&] {
    try {
      for (std::int64_t i = next++; i < request.count; i = next++) write_picture(request, i);
    } catch (...) {
      next = request.count;  // the others stop too
      throw;
    }
  };
  std::vector<std::future<void>> workers;
  for (int t = 1; t < threads; ++t) workers.push_back(std::async(std::launch::async, work));
  std::exception_ptr failure;
  const auto attempt = [&failure](const auto& run) {
    try {
      run();
    } catch (...) {
      if (!failure) failure = std::current_exception();
    }
  };
  attempt(work);
  for (auto& worker : workers) attempt([&worker] { worker.get(); });
  if (failure) std::rethrow_exception(failure);
  assay::write_file(request.out + "/manifest.csv", manifest_text(request.plan, request.count));
}

}  // namespace weld
