// Keys of records: digests of everything that measuring may read, so that a record can never be
// taken for another's.
#pragma once

#include <cstdint>
#include <string>

#include "assay/audit/store.h"
#include "assay/checks/check.h"
#include "assay/imaging/data_set.h"

namespace assay::audit {

// Model file and external data, input and output description, classes, numerics (executor,
// libraries, CPU).
Key subject_key(const checks::Subject& subject);
// A row: id, label, cluster, mask, and the picture's bytes (`content` is their digest, or why they
// cannot be read).
Key row_key(const imaging::Row& row, const std::string& content);
Key clean_key(const Key& subject, const Key& row);
Key unit_key(const Key& subject, const Key& row, const checks::AnyCheck& check,
             const std::string& unit, std::uint64_t seed);

}  // namespace assay::audit
