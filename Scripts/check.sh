#!/bin/sh
# Everything a change must pass besides the tests: style, layers, warnings, generated code,
# instruction sets. Every check runs; the worst decides.
#
# usage: Scripts/check.sh
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
. "$root/Scripts/toolchain.sh"
cd "$root"
failed=

# check NAME COMMAND…
check() {
    name=$1
    shift
    echo "== $name"
    "$@" || failed="$failed $name"
}

lint() { "$swift" format lint --strict --recursive Package.swift Sources Tests Scripts; }

# Warnings are errors in Package.swift; an import that Package.swift does not list is one here.
build() {
    Scripts/build.sh --build-tests --explicit-target-dependency-import-check error
}

check build build
check lint lint
check layers Scripts/check-layers.sh
check isa Scripts/check-isa.sh
check protos Scripts/protos.sh --check
check aarch64 Scripts/check-aarch64.sh --run

if [ -n "$failed" ]; then
    echo "failed:$failed" >&2
    exit 1
fi
echo 'all checks passed'
