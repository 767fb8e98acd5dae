#!/bin/sh
# Checks by their import lines that modules stand in layers.
#
# - A module imports only modules that Package.swift lists above it.
# - Core imports only Core. The file side (Formats) and the compute side (Engine) import Core and
#   themselves, and never each other.
# - Kernels know neither tensors nor graphs: their sources import KernelInterface, and the prefetch
#   instruction, alone.
# - Each C module is imported by one module, its owner.
#
# usage: Scripts/check-layers.sh [ROOT]
set -eu

root=${1:-$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)}
cd "$root"

{
    # Names in the order of their declaration. Sets of kernels are declared first, and take their
    # place where `kernelTargets` is added to the list.
    awk '
        /kernels\("[A-Za-z0-9]+"/ && !listed { split($0, parts, "\""); held = held "target " parts[2] "\n" }
        /^    targets: \[$/ { listed = 1 }
        !listed { next }
        /\+ kernelTargets \+/ { printf "%s", held }
        wanted && match($0, /"[A-Za-z0-9]+"/) {
            print "target", substr($0, RSTART + 1, RLENGTH - 2)
            wanted = 0
        }
        match($0, /(module\(|name: )"[A-Za-z0-9]+"/) {
            text = substr($0, RSTART, RLENGTH - 1)
            sub(/^[^"]*"/, "", text)
            print "target", text
        }
        /module\($/ { wanted = 1 }
    ' Package.swift
    for folder in Sources/*/*/; do
        module=${folder%/}
        echo "folder ${module##*/} $(basename "$(dirname "$module")")"
    done
    find Sources -name '*.swift' | while IFS= read -r file; do
        path=${file#Sources/*/}
        sed -nE 's/^[[:space:]]*((package|public|internal|private|fileprivate|@preconcurrency|@testable|@_exported)[[:space:]]+)*import[[:space:]]+(struct |enum |func |class |protocol |typealias |var |let )?([A-Za-z0-9_]+).*/\4/p' "$file" |
            sed "s/^/import ${path%%/*} /"
    done
} | awk '
    $1 == "target" && !($2 in place) { place[$2] = ++count }
    $1 == "folder" { room[$2] = $3 }
    $1 == "import" && ($3 in room) && $2 != $3 { edges[$2 " " $3] = 1; total++ }

    function fail(text) { print "layers: " text >"/dev/stderr"; failed = 1 }

    END {
        if (total < 50) fail("expected the imports of all sources, found " total + 0)
        for (edge in edges) {
            split(edge, ends, " ")
            from = ends[1]
            to = ends[2]
            # KernelBodies is the source of several targets and none itself.
            if (from != "KernelBodies") {
                if (!(from in place)) fail("Package.swift: expected target " from ", found none")
                if (place[to] >= place[from]) fail(from ": expected imports from above it in Package.swift, found " to)
            }
            here = room[from]
            there = room[to]
            allowed = here == "Tool" || there == here || there == "Core" || there == "C"
            if (here == "Core" && there != "Core") allowed = 0
            if (!allowed) fail(from " (" here "): expected no import from " there ", found " to)
            if (from ~ /Kernels$|^KernelBodies$/ && from != "Kernels" &&
                to != "KernelInterface" && to != "CPrefetch")
                fail(from ": expected KernelInterface and CPrefetch alone, found " to)
            if (from == "KernelInterface") fail(from ": expected no imports, found " to)
            if (there == "C") owners[to] = owners[to] " " from
        }
        for (module in owners)
            if (split(owners[module], list, " ") > 1)
                fail(module ": expected one owner, found" owners[module])
        if (!failed) print "layers: " length(edges) " imports between " length(room) " modules, all downwards"
        exit failed
    }'
