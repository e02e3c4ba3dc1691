#!/usr/bin/env bash
# run_demo.sh BUILD OUT: audits the two examples' classifiers, on Fashion-MNIST's 10,000 test pictures and on 1,200
# pictures of a weld line that are drawn first; then asks two weld networks, of which one has learnt a shortcut, whether
# they read the plate in the corner.
# A requirement that fails (1) or is undecided (3) is an answer, not a failure of the demonstration; that the two networks
# are told apart is its proof.
set -uo pipefail

audit() {  # audit PLAN NAME [STATUS]: examples/PLAN.yaml to OUT/NAME; another exit status ends the demonstration
  echo "== demo: $build/assay run examples/$1.yaml -o $out/$2"
  "$build/assay" run "examples/$1.yaml" -o "$out/$2"
  local status=$?
  if [ "${3-$status}" -ne "$status" ]; then
    echo "demo: examples/$1.yaml ended with $status, expected $3" >&2
    exit 70
  fi
  case $status in
    0) answer='every requirement is met' ;;
    1) answer='at least one requirement is not met' ;;
    3) answer='no requirement is refuted, but one is undecided' ;;
    *) exit "$status" ;;
  esac
  [ -s "$out/$2/report.html" ] || { echo "demo: $out/$2/report.html is missing" >&2; exit 70; }
  answers+=("== $2: $answer (exit code $status of assay run)"
    "== report: $(realpath "$out/$2")/report.html")
}

build=$1 out=$2
answers=()
audit fashion/audit fashion
"$build/weld-draw" --count 1200 --seed 77 -o "$out/weld-pictures" || exit
audit weld/audit weld
"$build/weld-draw" --count 400 --seed 78 --flaw plate -o "$out/weld-plates" || exit
audit weld/focus weld-focus 0
audit weld/focus-biased weld-focus-biased 1
printf '%s\n' "${answers[@]}"
