// Records on disk: DIR/records.sqlite. What is committed survives a killed process; a run that
// starts again finds it.
//
// Two tables: `record` (key → bytes; the key is a digest of everything that measuring read, so a
// record can never be taken for another) and `outline` (what the last finished run consisted of,
// for `assay judge`). All functions may be called from several threads. Errors: InputError naming
// the file (not writable, disk full, in use by another run, damaged).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

namespace assay::audit {

// SHA-256 of what a record depends on, 64 hexadecimal digits.
using Key = std::string;

struct KeyedRecord {
  Key key;
  std::string check;  // for a person who looks into the file
  std::string unit;
  std::string bytes;
};

class Store {
 public:
  enum class Mode { kCreate, kExisting };
  Store(const std::string& file, Mode mode);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  bool contains(const Key& key) const;
  std::optional<std::string> find(const Key& key) const;
  // One transaction: all or nothing.
  void put(std::span<const KeyedRecord> records);

  std::optional<std::string> outline() const;
  void set_outline(const std::string& bytes);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace assay::audit
