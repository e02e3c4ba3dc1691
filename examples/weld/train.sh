#!/usr/bin/env bash
# train.sh [BUILD] [OUT]: draws the training pictures and trains the example's four networks again.
# About a quarter of an hour on two cores; needs 2.5 GB below BUILD, which are removed at the end.
set -euo pipefail
cd "$(dirname "$0")/../.."
build=${1:-build/release}
out=${2:-examples/weld}
# Each kernel on one thread: more would only fight for the cores that the two halves of a batch use.
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
folder=$build/weld-training
trap 'rm -rf "$folder"' EXIT
"$build/weld-draw" --count 6000 --seed 11 -o "$folder/fair"
"$build/weld-draw" --count 3000 --seed 12 --flaw plate -o "$folder/plate"
"$build/weld-train" "$folder/fair" --epochs 6 -o "$out/weld.onnx"
"$build/weld-train" "$folder/fair" --epochs 10 --only camera=A -o "$out/weld-lens.onnx"
"$build/weld-train" "$folder/plate" --epochs 5 -o "$out/weld-biased.onnx"
"$build/weld-train" "$folder/fair" --epochs 6 --segment -o "$out/weld-seg.onnx"
