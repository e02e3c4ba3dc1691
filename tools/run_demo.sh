#!/usr/bin/env bash
# run_demo.sh BUILD OUT: audits the two examples' classifiers, on Fashion-MNIST's 10,000 test pictures and on 1,200
# pictures of a weld line that are drawn first.
# A requirement that fails (1) or is undecided (3) is an answer, not a failure of the demonstration.
set -uo pipefail

audit() {  # audit NAME
  echo "== demo: $build/assay run examples/$1/audit.yaml -o $out/$1"
  "$build/assay" run "examples/$1/audit.yaml" -o "$out/$1"
  local status=$?
  case $status in
    0) answer='every requirement is met' ;;
    1) answer='at least one requirement is not met' ;;
    3) answer='no requirement is refuted, but one is undecided' ;;
    *) exit "$status" ;;
  esac
  [ -s "$out/$1/report.html" ] || { echo "demo: $out/$1/report.html is missing" >&2; exit 70; }
  answers+=("== $1: $answer (exit code $status of assay run)"
    "== report: $(realpath "$out/$1")/report.html")
}

build=$1 out=$2
answers=()
audit fashion
"$build/weld-draw" --count 1200 --seed 77 -o "$out/weld-pictures" || exit
audit weld
printf '%s\n' "${answers[@]}"
