// Uses the installed package from its lowest room to its highest: a seeded draw, and a plan that is
// not there.
#include <cstdio>

#include "assay/audit/plan.h"
#include "assay/base/error.h"
#include "assay/base/seed.h"

int main() {
  assay::Stream a(7, "consumer"), b(7, "consumer");
  if (a() != b()) return 1;
  try {
    assay::audit::read_plan("no-such-audit.yaml");
  } catch (const assay::InputError& e) {
    std::printf("consumer: as expected: %s\n", e.what());
    return 0;
  }
  return 1;
}
