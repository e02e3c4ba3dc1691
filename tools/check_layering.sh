#!/usr/bin/env bash
# check_layering.sh [ROOT]: enforces who may include what (ARCHITECTURE.md) in ROOT's src/assay and its
# programs. Prints one line a violation and exits 1 if there is any.
# check_layering.sh --self-test: shows that each rule refuses what it should and lets pass what it should.
set -euo pipefail

# FILE:LINE:INCLUDED for every #include, FILE relative to the root.
includes() {
  { find src examples benchmarks tests -name '*.h' -o -name '*.cc' 2>/dev/null || true; } |
    LC_ALL=C sort |
    { xargs -r grep -HnE '^[[:space:]]*#[[:space:]]*include[[:space:]]*[<"]' || true; } |
    sed -E 's/^([^:]*):([0-9]*):[^<"]*[<"]([^>"]*).*/\1:\2:\3/'
}

check() {
  cd "$1"
  # A check is a stem with a page beside it: checks/GROUP/NAME.md.
  pages=$(find src/assay/checks -mindepth 2 -name '*.md' 2>/dev/null | LC_ALL=C sort)
  includes | PAGES=$pages awk -F: '
    BEGIN {
      room_may["base"] = ""
      room_may["stats"] = "base"
      room_may["network"] = "base"
      room_may["imaging"] = "base stats"
      room_may["methods"] = "base stats network imaging"
      room_may["checks"] = room_may["methods"] " methods"
      room_may["jobs"] = room_may["checks"]
      room_may["audit"] = room_may["checks"] " checks jobs"
      room_may["report"] = "base"
      room_may["cli"] = room_may["audit"] " audit report"

      # Third-party headers and the rooms that may see them. A test may open what a program left behind by the library
      # that wrote it.
      only["onnx/"] = only["google/protobuf/"] = "network"
      only["dnnl.hpp"] = only["oneapi/"] = "network"
      only["openturns/"] = "stats"
      only["opencv2/"] = "imaging"
      only["libraw/"] = "imaging"
      only["sqlite3.h"] = only["yaml-cpp/"] = "audit"
      only["nlohmann/"] = "imaging report audit cli"
      only["CLI/"] = "cli"

      count = split(ENVIRON["PAGES"], page, "\n")
      for (i = 1; i <= count; ++i) {
        sub(/\.md$/, "", page[i])
        is_check[page[i]] = 1
      }
    }
    function refuse(why) {
      print $1 ":" $2 ": " why
      bad = 1
    }
    function has(words, word) { return index(" " words " ", " " word " ") > 0 }
    function starts(text, with) { return substr(text, 1, length(with)) == with }
    # The check that a path belongs to: accuracy, accuracy_figures.cc and accuracy_test.cc to accuracy.
    function owner(path,   stem) {
      stem = path
      sub(/\.[a-z]+$/, "", stem)
      while (!(stem in is_check)) {
        if (!sub(/_[^_\/]*$/, "", stem)) return ""
      }
      return stem
    }
    function is_test(path) { return path ~ /_test\.(cc|h)$/ }

    {
      included = $3
      if (included ~ /^(torch|ATen|c10|caffe2)\// && $1 != "src/assay/network/torch.h" &&
          !($1 == "src/assay/network/torchscript.h" && starts(included, "torch/csrc/jit/")) &&
          !($1 == "src/assay/network/torch_function.h" && starts(included, "torch/csrc/autograd/")))
        refuse("includes <" included ">; libtorch has one door: assay/network/torch.h")
      if (!starts($1, "src/assay/")) next
      split($1, part, "/")
      room = part[3]
      if (!(room in room_may)) {
        refuse("is in no room of the table")
        next
      }
      for (prefix in only)
        if (starts(included, prefix) && !has(only[prefix], room) &&
            !(has("nlohmann/ sqlite3.h", prefix) && is_test($1)))
          refuse("includes <" included ">, which only these rooms may see: " only[prefix])

      if (!starts(included, "assay/")) next
      split(included, part, "/")
      to = part[2]
      door = room == "imaging" && included ~ /^assay\/network\/torch(_function)?\.h$/
      if (to != room && !has(room_may[room], to) && !door)
        refuse("includes " included "; " room " may include " \
               (room_may[room] == "" ? "no other room" : "only " room_may[room]))
      if (room == "checks" && to == "checks") {
        theirs = owner("src/" included)
        if (theirs != "" && owner($1) != theirs && $1 != "src/assay/checks/catalogue.cc" &&
            !($1 ~ /^src\/assay\/checks\/[^\/]*_test\.cc$/))
          refuse("includes " included "; checks never include each other")
      }
    }
    END { exit bad }' || status=1

  # What has no name has no place: these names say that nobody found one.
  while read -r file; do
    echo "$file: is named after no noun; put what it holds with the thing that it is about"
    status=1
  done < <(find src -regextype posix-extended \
    -regex '.*/(|.*_)(utils?|common|manager|helpers?|misc)(|_.*)(\.[a-z]+|)' 2>/dev/null)

  { find src -name '*.h' -o -name '*.cc' | xargs -r wc -l; } |
    awk '$2 != "total" && $1 > 400 {print "warning: " $2 ": " $1 " lines; does its job still fit in one sentence?"}'
  return "${status:-0}"
}

self_test() {
  tree=$(mktemp -d)
  trap 'rm -rf "$tree"' EXIT
  failed=0
  # expect VERDICT FILE LINE: a tree with that one line in that file is to be refused, or accepted.
  expect() {
    rm -rf "$tree/src" "$tree/examples"
    mkdir -p "$tree/src/assay/checks/performance" "$tree/$(dirname "$2")"
    touch "$tree/src/assay/checks/performance/"{accuracy,calibration}.md
    echo "$3" > "$tree/$2"
    verdict=accepted
    (check "$tree") > "$tree/log" 2>&1 || verdict=refused
    [ "$verdict" = "$1" ] && return
    echo "self-test: $2 with '$3' was $verdict"
    failed=1
  }
  expect refused  src/assay/base/a.h '#include "assay/stats/x.h"'
  expect refused  src/assay/stats/a.cc '#include "assay/network/torch.h"'
  expect refused  src/assay/report/a.cc '#include "assay/checks/check.h"'
  expect refused  src/assay/report/a.cc '#  include  "assay/stats/x.h"'
  expect refused  src/assay/attic/a.cc '#include "assay/base/error.h"'
  expect accepted src/assay/stats/a.cc '#include "assay/base/error.h"'
  expect accepted src/assay/imaging/a.cc '#include "assay/network/torch.h"'
  expect refused  src/assay/imaging/a.cc '#include "assay/network/graph.h"'
  expect accepted src/assay/cli/a.cc '#include "assay/report/html.h"'
  expect refused  src/assay/checks/performance/accuracy.cc '#include "assay/checks/performance/calibration.h"'
  expect refused  src/assay/checks/performance/accuracy.cc '#include "assay/checks/performance/calibration_bins.h"'
  expect refused  src/assay/checks/performance/shared.cc '#include "assay/checks/performance/calibration.h"'
  expect accepted src/assay/checks/performance/accuracy_test.cc '#include "assay/checks/performance/accuracy.h"'
  expect accepted src/assay/checks/performance/accuracy_plot.cc '#include "assay/checks/performance/accuracy.h"'
  expect accepted src/assay/checks/performance/accuracy.cc '#include "assay/checks/check.h"'
  expect accepted src/assay/checks/catalogue.cc '#include "assay/checks/performance/accuracy.h"'
  expect refused  src/assay/checks/check.cc '#include "assay/checks/performance/accuracy.h"'
  expect refused  src/assay/network/graph.h '#include <ATen/ATen.h>'
  expect refused  src/assay/network/graph.h '#include <torch/csrc/jit/ir/ir.h>'
  expect accepted src/assay/network/torchscript.h '#include <torch/csrc/jit/ir/ir.h>'
  expect refused  src/assay/network/torchscript.h '#include <torch/torch.h>'
  expect refused  src/assay/network/torch.h '#include "assay/imaging/picture.h"'
  expect accepted src/assay/network/torch_function.h '#include <torch/csrc/autograd/custom_function.h>'
  expect refused  src/assay/imaging/a.cc '#include <torch/csrc/autograd/custom_function.h>'
  expect accepted src/assay/imaging/a.cc '#include "assay/network/torch_function.h"'
  expect refused  examples/demo/a.cc '#include <torch/torch.h>'
  expect accepted src/assay/network/torch.h '#include <ATen/ATen.h>'
  expect refused  src/assay/stats/a.cc '#include <onnx/onnx_pb.h>'
  expect refused  src/assay/checks/a.cc '#include <nlohmann/json.hpp>'
  expect accepted src/assay/checks/a_test.cc '#include <nlohmann/json.hpp>'
  expect accepted src/assay/cli/a_test.h '#include <nlohmann/json.hpp>'
  expect accepted src/assay/cli/run_test.cc '#include <sqlite3.h>'
  expect refused  src/assay/cli/run.cc '#include <sqlite3.h>'
  expect refused  src/assay/base/utils.h ''
  expect refused  src/assay/base/string_util.cc ''
  expect refused  src/assay/base/common/a.h ''
  expect accepted src/assay/base/commonplace.h ''
  [ "$failed" = 0 ] && echo 'self-test: every rule refuses what it should'
  return "$failed"
}

case ${1:-} in
  --self-test) self_test ;;
  *) (check "${1:-.}") ;;
esac
