// Keys of records: digests of everything that measuring may read, so that a record can never be
// taken for another's.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "assay/audit/store.h"
#include "assay/checks/check.h"
#include "assay/imaging/data_set.h"

namespace assay::audit {

// Model file and external data, input and output description, classes, numerics (executor,
// libraries, CPU).
Key subject_key(const checks::Subject& subject);
// A row's picture: id, label, cluster, and its bytes (`content` is their digest, or why they cannot
// be read). The clean pass reads nothing else.
Key picture_key(const imaging::Row& row, const std::string& content);
// All that a check may read of a row: its picture, what its mask holds (`mask` is a digest, empty
// for none) and its groups.
Key row_key(const Key& picture, const std::string& mask, const std::vector<std::string>& groups);
Key clean_key(const Key& subject, const Key& picture);
// `rows` are the row keys of the unit's own row and of those that it reads besides.
Key unit_key(const Key& subject, const std::vector<Key>& rows, const checks::AnyCheck& check,
             const std::string& unit, std::uint64_t seed);

}  // namespace assay::audit
