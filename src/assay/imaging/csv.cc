#include "assay/imaging/csv.h"

#include "assay/base/error.h"

namespace assay::imaging {
namespace {

class CsvReader {
 public:
  CsvReader(std::string_view text, const std::string& name) : text_(text), name_(name) {
    if (text_.starts_with("\xEF\xBB\xBF")) text_.remove_prefix(3);
  }

  std::vector<CsvRecord> run() {
    std::vector<CsvRecord> records;
    while (at_ < text_.size()) {
      if (skip_line_end()) continue;
      CsvRecord record;
      record.line = line_;
      while (true) {
        record.fields.push_back(field());
        if (at_ >= text_.size() || text_[at_] != ',') break;
        ++at_;
      }
      if (at_ < text_.size() && !skip_line_end()) fail("text after a closing quote");
      records.push_back(std::move(record));
    }
    return records;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw InputError(name_ + ":" + std::to_string(line_), what);
  }

  // Steps over LF or CRLF.
  bool skip_line_end() {
    const std::string_view rest = text_.substr(at_);
    const std::size_t n = rest.starts_with('\n') ? 1 : rest.starts_with("\r\n") ? 2 : 0;
    at_ += n;
    line_ += n > 0;
    return n > 0;
  }

  std::string field() {
    if (at_ < text_.size() && text_[at_] == '"') return quoted();
    const std::size_t begin = at_;
    for (; at_ < text_.size() && text_[at_] != ',' && text_[at_] != '\n'; ++at_) {
      if (text_.substr(at_).starts_with("\r\n")) break;
      if (text_[at_] == '"') fail("a quote inside a field that does not begin with one");
      if (text_[at_] == '\0') fail("a zero byte; is this a CSV file?");
    }
    return std::string(text_.substr(begin, at_ - begin));
  }

  std::string quoted() {
    const int opened = line_;
    std::string value;
    for (++at_; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '"') {
        if (!text_.substr(at_ + 1).starts_with('"')) {
          ++at_;
          return value;
        }
        ++at_;
      }
      line_ += c == '\n';
      value.push_back(c);
    }
    line_ = opened;
    fail("a quoted field does not end");
  }

  std::string_view text_;
  const std::string& name_;
  std::size_t at_ = 0;
  int line_ = 1;
};

}  // namespace

std::vector<CsvRecord> parse_csv(std::string_view text, const std::string& name) {
  return CsvReader(text, name).run();
}

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

}  // namespace assay::imaging
