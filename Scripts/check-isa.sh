#!/bin/sh
# Checks that code for one instruction set cannot reach a CPU without it.
#
# 1. The kernel targets share one source. A weak symbol whose name does not hold the target's own
#    name exists in several of them, and the linker keeps any one copy, for every CPU.
# 2. A closure of a kernel that stands as a function of its own is called in the innermost loop, and
#    the accumulators it captures are in memory.
# 3. A function that takes or returns vectors passes them through memory, whatever it is for.
# 4. In the linked program, AVX-512 registers occur in AVX512Kernels alone, and fused multiply-adds
#    in AVX512Kernels and AVX2Kernels alone.
# 5. The fastest convolution multiplies and adds whole AVX-512 registers in one instruction, and
#    tanh divides whole ones.
#
# usage: Scripts/check-isa.sh [FOLDER OF THE RELEASE BUILD]
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
. "$root/Scripts/toolchain.sh"
build=${1:-$("$swift" build --package-path "$root" -c release --show-bin-path)}
listing=$(mktemp)
trap 'rm -f "$listing"' EXIT
failures=0

fail() {
    echo "isa: $1" >&2
    failures=$((failures + 1))
}

# Weak data that says the same in every target, and no code.
harmless='__swift_reflection_version'

kernels=
for folder in "$build"/*Kernels.build; do
    target=$(basename "$folder" .build)
    # Kernels itself only chooses among the sets.
    if [ -d "$folder" ] && [ "$target" != Kernels ]; then kernels="$kernels $target"; fi
done
if [ -z "$kernels" ]; then
    echo "isa: $build: expected objects of kernel targets, found none: build first" >&2
    exit 1
fi
for target in $kernels; do
    # A module's name in a symbol: its length, then its letters.
    mangled="${#target}$target"
    "$nm" --format=posix "$build/$target.build/"*.o >"$listing"
    shared=$(awk -v mine="$mangled" -v harmless="$harmless" '
        $2 ~ /^[WwVv]$/ && index($1, mine) == 0 && $1 != harmless { print $1 }' "$listing" |
        sort -u)
    if [ -n "$shared" ]; then
        fail "$target: expected weak symbols of this module alone, found:"
        for symbol in $shared; do
            "$swift" demangle "$symbol" | sed 's/^/    /' >&2
        done
    else
        echo "isa: $target: every weak symbol is its own"
    fi
    # "U", a number and "_" end the name of a closure.
    closures=$(awk -v mine="$mangled" '
        $2 ~ /^[WwTt]$/ && index($1, mine) && $1 ~ /U[0-9]*_$/ { print $1 }' "$listing" | sort -u)
    if [ -n "$closures" ]; then
        fail "$target: expected every closure inlined, found:"
        for symbol in $closures; do
            "$swift" demangle "$symbol" | sed 's/^/    /' >&2
        done
    fi
    # A signature names the vector types it takes and returns.
    vectors=$(awk -v mine="$mangled" '
        $2 ~ /^[WwTt]$/ && index($1, mine) && $1 ~ /SIMD16V/ { print $1 }' "$listing" | sort -u)
    if [ -n "$vectors" ]; then
        fail "$target: expected every function of vectors inlined (@inline(always)), found:"
        for symbol in $vectors; do
            "$swift" demangle "$symbol" | sed 's/^/    /' >&2
        done
    fi
done

if [ "$(uname -m)" = x86_64 ]; then
    # instructions FILE…: each instruction after the name of the function it is in.
    instructions() {
        "$objdump" -d --no-show-raw-insn --no-leading-addr "$@" | awk '
            /^(0x)?[0-9a-f]* ?<.*>:$/ { name = $0; sub(/^[^<]*</, "", name); sub(/>:$/, "", name); next }
            NF && name { print name "\t" $0 }'
    }

    # found PATTERN: functions in the listing with instructions that match, and how many.
    found() {
        awk -F '\t' -v pattern="$1" '
            { text = $0; sub(/^[^\t]*\t/, "", text) }
            text ~ pattern { n[$1]++ }
            END { for (name in n) print name, n[name] }' "$listing"
    }

    instructions "$build/AVX512Kernels.build/"*.o >"$listing"
    fused=$(found 'vfn?m(add|sub).*%zmm' | awk '/8convolve/ { n += $2 } END { print n + 0 }')
    if [ "$fused" -lt 24 ]; then
        fail "AVX512Kernels: convolve: expected its 24 accumulators in fused instructions on zmm, found $fused"
    else
        echo "isa: AVX512Kernels: convolve has $fused fused multiply-adds on zmm registers"
    fi

    divisions=$(found 'vdivpd.*%zmm' | awk '/13applyFunction/ { n += $2 } END { print n + 0 }')
    if [ "$divisions" -lt 2 ]; then
        fail "AVX512Kernels: applyFunction: expected divisions on zmm registers, found $divisions"
    else
        echo "isa: AVX512Kernels: applyFunction has $divisions divisions on zmm registers"
    fi

    instructions "$build/BaselineKernels.build/"*.o >"$listing"
    wide=$(found '%[yz]mm' | head -n 5)
    if [ -n "$wide" ]; then
        fail "BaselineKernels: expected neither ymm nor zmm registers, found them in: $wide"
    else
        echo 'isa: BaselineKernels uses neither ymm nor zmm registers'
    fi

    instructions "$build/ferry" >"$listing"
    if [ "$(grep -c . "$listing")" -lt 10000 ]; then
        fail "$build/ferry: expected a program to disassemble, found almost nothing"
    fi
    if ! found '%zmm' | grep -q '13AVX512Kernels'; then
        fail "$build/ferry: expected AVX-512 in AVX512Kernels, found none"
    fi
    strays=$(found '%zmm|%k[1-7]' | grep -v '13AVX512Kernels' | head -n 5 || true)
    if [ -n "$strays" ]; then
        fail "ferry: expected AVX-512 in AVX512Kernels alone, found it in: $strays"
    else
        echo 'isa: ferry: AVX-512 registers occur in AVX512Kernels alone'
    fi
    strays=$(found 'vfn?m(add|sub)|%ymm' | grep -v -e '13AVX512Kernels' -e '11AVX2Kernels' |
        head -n 5 || true)
    if [ -n "$strays" ]; then
        fail "ferry: expected AVX and FMA in AVX2Kernels and AVX512Kernels alone, found them in: $strays"
    else
        echo 'isa: ferry: AVX and FMA occur in AVX2Kernels and AVX512Kernels alone'
    fi
fi

[ "$failures" -eq 0 ]
