#include "assay/audit/store.h"

#include <sqlite3.h>

#include <mutex>

#include "assay/base/error.h"

namespace assay::audit {

namespace {

constexpr int kLayoutVersion = 2;  // PRAGMA user_version

struct Finalize {
  void operator()(sqlite3_stmt* s) const { sqlite3_finalize(s); }
};
using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;

struct Close {
  void operator()(sqlite3* db) const { sqlite3_close(db); }
};

}  // namespace

struct Store::State {
  std::string file;
  std::unique_ptr<sqlite3, Close> db;
  Statement find, insert, get_outline, set_outline;
  mutable std::mutex mutex;

  [[noreturn]] void fail(int code) const {
    switch (code & 0xff) {
      case SQLITE_FULL:
        throw InputError(file,
                         "the disk is full; records so far are kept, free space and run again");
      case SQLITE_BUSY:
      case SQLITE_LOCKED:
        throw InputError(file, "in use by another run");
      case SQLITE_READONLY:
      case SQLITE_CANTOPEN:
      case SQLITE_PERM:
        throw InputError(file, "cannot be written");
      case SQLITE_CORRUPT:
      case SQLITE_NOTADB:
        throw InputError(file, "damaged; move it away to measure afresh");
      default:
        throw InputError(file, std::string("cannot be used: ") +
                                   (db ? sqlite3_errmsg(db.get()) : sqlite3_errstr(code)));
    }
  }

  void check(int code) const {
    if (code != SQLITE_OK && code != SQLITE_DONE && code != SQLITE_ROW) fail(code);
  }

  void execute(const char* sql) const {
    check(sqlite3_exec(db.get(), sql, nullptr, nullptr, nullptr));
  }

  Statement prepare(const char* sql) const {
    sqlite3_stmt* s = nullptr;
    check(sqlite3_prepare_v2(db.get(), sql, -1, &s, nullptr));
    return Statement(s);
  }

  // Steps a prepared statement once and gives its first column, if it had a row.
  std::optional<std::string> value(sqlite3_stmt* s) const {
    const int code = sqlite3_step(s);
    std::optional<std::string> bytes;
    if (code == SQLITE_ROW) {
      const auto* data = static_cast<const char*>(sqlite3_column_blob(s, 0));
      bytes.emplace(data ? data : "", static_cast<std::size_t>(sqlite3_column_bytes(s, 0)));
    }
    sqlite3_reset(s);
    check(code);
    return bytes;
  }

  void bind(sqlite3_stmt* s, int index, const std::string& bytes) const {
    check(sqlite3_bind_blob64(s, index, bytes.data(), bytes.size(), SQLITE_STATIC));
  }
};

Store::Store(const std::string& file, Mode mode) : state_(std::make_unique<State>()) {
  State& s = *state_;
  s.file = file;
  sqlite3* db = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX |
                    (mode == Mode::kCreate ? SQLITE_OPEN_CREATE : 0);
  const int opened = sqlite3_open_v2(file.c_str(), &db, flags, nullptr);
  s.db.reset(db);
  if (opened != SQLITE_OK) s.fail(opened);
  sqlite3_extended_result_codes(db, 1);
  // Exclusive: two runs into one folder would measure everything twice. Write-ahead log: a killed
  // process loses the transaction in flight and nothing else.
  s.execute("PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;");
  s.execute(
      "BEGIN IMMEDIATE;"
      "CREATE TABLE IF NOT EXISTS record(key TEXT PRIMARY KEY, \"check\" TEXT, unit TEXT, "
      "value BLOB);"
      "CREATE TABLE IF NOT EXISTS outline(id INTEGER PRIMARY KEY CHECK(id = 1), value BLOB);");
  const auto version = s.prepare("PRAGMA user_version");
  s.check(sqlite3_step(version.get()));
  const int found = sqlite3_column_int(version.get(), 0);
  sqlite3_reset(version.get());
  if (found != 0 && found != kLayoutVersion) {
    s.execute("ROLLBACK");
    throw InputError(file, "written by another version of Assay; move it away to measure afresh");
  }
  s.execute(("PRAGMA user_version=" + std::to_string(kLayoutVersion)).c_str());
  s.execute("COMMIT");
  s.find = s.prepare("SELECT value FROM record WHERE key = ?1");
  s.insert = s.prepare("INSERT OR REPLACE INTO record VALUES(?1, ?2, ?3, ?4)");
  s.get_outline = s.prepare("SELECT value FROM outline WHERE id = 1");
  s.set_outline = s.prepare("INSERT OR REPLACE INTO outline VALUES(1, ?1)");
}

Store::~Store() = default;

bool Store::contains(const Key& key) const { return find(key).has_value(); }

std::optional<std::string> Store::find(const Key& key) const {
  const std::lock_guard lock(state_->mutex);
  state_->check(sqlite3_bind_text(state_->find.get(), 1, key.c_str(), -1, SQLITE_STATIC));
  return state_->value(state_->find.get());
}

void Store::put(std::span<const KeyedRecord> records) {
  if (records.empty()) return;
  const std::lock_guard lock(state_->mutex);
  State& s = *state_;
  s.execute("BEGIN IMMEDIATE");
  try {
    sqlite3_stmt* insert = s.insert.get();
    for (const auto& r : records) {
      s.check(sqlite3_bind_text(insert, 1, r.key.c_str(), -1, SQLITE_STATIC));
      s.check(sqlite3_bind_text(insert, 2, r.check.c_str(), -1, SQLITE_STATIC));
      s.check(sqlite3_bind_text(insert, 3, r.unit.c_str(), -1, SQLITE_STATIC));
      s.bind(insert, 4, r.bytes);
      s.value(insert);
    }
    s.execute("COMMIT");
  } catch (...) {
    sqlite3_exec(s.db.get(), "ROLLBACK", nullptr, nullptr, nullptr);  // may already be rolled back
    throw;
  }
}

std::optional<std::string> Store::outline() const {
  const std::lock_guard lock(state_->mutex);
  return state_->value(state_->get_outline.get());
}

void Store::set_outline(const std::string& bytes) {
  const std::lock_guard lock(state_->mutex);
  state_->bind(state_->set_outline.get(), 1, bytes);
  state_->value(state_->set_outline.get());
}

}  // namespace assay::audit
