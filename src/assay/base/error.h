// The two ways in which Assay gives up.
//
// InputError: the request, a file or a setting is bad and a person can mend it. Its text is one
// clear line:
//   WHERE: WHAT; got X, wanted Y
// BugError: a promise inside Assay was broken; the program exits with 70 and asks for a report.
// Nothing else is thrown across a room's border: third-party exceptions are caught where the
// library is used.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

namespace assay {

class InputError : public std::runtime_error {
 public:
  // `where` is what a person must open (file, file:line, or "--option"), may be empty.
  // `what` says what is wrong with it, in one line without a full stop.
  InputError(const std::string& where, const std::string& what)
      : std::runtime_error(where.empty() ? what : where + ": " + what), where_(where) {}
  const std::string& where() const { return where_; }

 private:
  std::string where_;
};

class BugError : public std::logic_error {
 public:
  explicit BugError(const std::string& what) : std::logic_error(what) {}
};

}  // namespace assay
