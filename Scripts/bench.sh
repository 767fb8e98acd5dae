#!/bin/sh
# Times LeNet-5, AlexNet and VGG-16 with seeded weights, on one thread and on two.
#
# usage: Scripts/bench.sh [RUNS]
set -eu

runs=${1:-10}
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
"$root/Scripts/build.sh" --product ferry >&2
ferry="$("$root/Scripts/build.sh" --show-bin-path)/ferry"
folder=$(mktemp -d "${TMPDIR:-/tmp}/ferry-bench.XXXXXX")
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
cd "$folder"

for network in lenet5 alexnet vgg16; do
    "$ferry" init "$network" -o "$network.onnx" --seed 1 >&2
    layers=
    [ "$network" != vgg16 ] || layers=--layers
    for threads in 1 2; do
        # Nothing, or one word.
        # shellcheck disable=SC2086
        "$ferry" bench "$network.onnx" --runs "$runs" --threads "$threads" $layers
        echo
    done
    rm -f "$network.onnx"
done
