// Writes docs/operators.md from the table of operators: operators_table > docs/operators.md
#include <algorithm>
#include <iostream>
#include <string>
#include <vector>

#include "assay/network/operators.h"

namespace {

using assay::network::Gradient;
using assay::network::kNewestOpset;
using assay::network::kOldestOpset;
using assay::network::Operator;

std::string gradient_text(Gradient gradient) {
  switch (gradient) {
    case Gradient::kExact:
      return "exact";
    case Gradient::kStraightThrough:
      return "straight-through";
    case Gradient::kZero:
      return "zero";
    case Gradient::kNone:
      return "none";
  }
  return "";
}

std::string opsets_text(const Operator& op) {
  const auto [first, last] = op.opsets;
  return std::to_string(first) + " to " + std::to_string(last);
}

}  // namespace

int main() {
  int count = 0;
  for (const auto& group : assay::network::operator_groups())
    count += static_cast<int>(group.operators.size());
  std::cout
      << "# Operators\n\n"
         "Written by `tools/operators_table.cc` from the table that the readers and executors "
         "use;\n"
         "`./ci.sh operators` fails where this file is another. "
      << count
      << " operators.\n\n"
         "ONNX files of operator sets "
      << kOldestOpset << " to " << kNewestOpset
      << " are read; where a form is also the one of an older\n"
         "set, or ONNX took the operator away, the column says so. Functions that a file defines "
         "are\n"
         "unfolded; an `If` whose condition follows from constants becomes the branch that is "
         "taken.\n"
         "float16, bfloat16, float8 and double are computed as float32; a cast to a narrower "
         "float\n"
         "rounds to it first. Sums of quantised numbers are exact whole numbers, rounded once.\n\n"
         "Gradient, from the first output to the floating inputs:\n\n"
         "- exact: the derivative, wherever there is one; along the branch that was taken (`Max`,\n"
         "  `TopK`, `Where`, `MaxPool`, …). Tested against central differences in double.\n"
         "- straight-through: as if nothing was rounded; zero beyond a bound that was hit. Scales "
         "and\n"
         "  zero points count as constants. Tested against the formula without its rounding.\n"
         "- zero: the derivative of steps.\n"
         "- none: the result is a position, a size, a truth value or a whole number.\n";
  for (const auto& group : assay::network::operator_groups()) {
    std::vector<Operator> rows(group.operators.begin(), group.operators.end());
    std::sort(rows.begin(), rows.end(),
              [](const Operator& a, const Operator& b) { return a.name < b.name; });
    std::cout << "\n## " << group.title << "\n\n"
              << (group.domain.empty() ? "| operator | gradient | operator sets |\n|---|---|---|\n"
                                       : "| operator | gradient |\n|---|---|\n");
    for (const Operator& op : rows) {
      std::cout << "| " << op.name << " | " << gradient_text(op.gradient) << " |";
      if (group.domain.empty()) std::cout << " " << opsets_text(op) << " |";
      std::cout << "\n";
    }
  }
}
