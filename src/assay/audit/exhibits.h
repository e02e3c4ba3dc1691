// Pictures and arrays of a report's sections, written under DIR/exhibits/CHECK/.
#pragma once

#include <string>

#include "assay/base/outcome.h"

namespace assay::imaging {
class DataSet;
}

namespace assay::audit {

// Draws what the sections ask for and removes files of earlier runs that nothing asks for any more.
// Where a picture can no longer be read (judging elsewhere), a file that is already there is kept,
// and otherwise left out. `data` may be null. InputError when the folder cannot be written.
void write_exhibits(const Outcome& outcome, const imaging::DataSet* data,
                    const std::string& directory);

}  // namespace assay::audit
