#!/bin/sh
# Measures Ferry beside its rivals, in a Python environment of pinned versions that it makes.
#
# usage: Scripts/bench-peers.sh [peers] [--only vgg16:1,…] [--rounds N] [--threads N] [--quick]
#        Scripts/bench-peers.sh accuracy [--inputs N] [--only vgg16,…] [--quick]
#        Scripts/bench-peers.sh float64 [--only vgg16,…] [--quick]
#        Scripts/bench-peers.sh cost-curve [--rounds N] [--threads N] [--quick]
#        Scripts/bench-peers.sh all
#
# Each writes its section of Benchmarks/RESULTS.md; --quick is a trial, and only printed. FERRY
# names another binary than the release build. The environment and the models need 15 GB.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
benchmarks="$root/Benchmarks"
venv="$benchmarks/.venv"
stamp="$venv/requirements.txt"

case "${1-}" in
peers | accuracy | float64 | cost-curve | all)
    what=$1
    shift
    ;;
'' | -*) what=peers ;;
*)
    sed -n '4,8s/^# //p' "$0" >&2
    exit 2
    ;;
esac

if ! cmp -s "$benchmarks/requirements.txt" "$stamp"; then
    echo "bench-peers: installing the rivals in $venv" >&2
    python3 -m venv "$venv"
    pip() { "$venv/bin/pip" install --quiet --no-cache-dir "$@"; }
    if pip -r "$benchmarks/requirements.txt"; then
        cp "$benchmarks/requirements.txt" "$stamp"
    else
        # A rival that cannot be had is missing in the table, and only there.
        grep -v '^#' "$benchmarks/requirements.txt" | while read -r package; do
            pip "$package" || echo "bench-peers: $package: not installed" >&2
        done
    fi
fi

if [ -z "${FERRY-}" ]; then
    swift build --package-path "$root" -c release --product ferry >&2
    FERRY=$(swift build --package-path "$root" -c release --show-bin-path)/ferry
fi

measure() {
    script=$1
    shift
    "$venv/bin/python" "$benchmarks/$script.py" --ferry "$FERRY" "$@"
}

case $what in
peers) measure bench_peers "$@" ;;
accuracy) measure accuracy "$@" ;;
float64) measure prove_float64 "$@" ;;
cost-curve) measure cost_curve "$@" ;;
all)
    measure bench_peers
    measure cost_curve
    measure accuracy
    measure prove_float64
    ;;
esac
