// Which classes or channels a text on the command line names.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace assay::cli {

// One class by its name, else by its index. InputError(where, …) with the nearest name.
std::int64_t class_named(const std::string& text, const std::vector<std::string>& labels,
                         const std::string& where);
// "all", or names, indices and ranges FIRST-LAST, separated by commas; a text that is a class's
// name as a whole is that class. Each once, in the order named.
std::vector<std::int64_t> classes_named(const std::string& text,
                                        const std::vector<std::string>& labels,
                                        const std::string& where);
// "all", or numbers and ranges below `count`, separated by commas.
std::vector<std::int64_t> numbers_named(const std::string& text, std::int64_t count,
                                        const std::string& where);

}  // namespace assay::cli
