#!/bin/sh
# Compiles the kernels for 64-bit Arm, without an operating system, and shows that they use fused
# vector multiply-adds.
#
# usage: Scripts/check-aarch64.sh          compile and look
#        Scripts/check-aarch64.sh --run    also run them under qemu-user (natively on Arm) and
#                                          compare every bit with the x86-64 sets
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
. "$root/Scripts/toolchain.sh"
engine="$root/Sources/Engine"
harness="$root/Scripts/aarch64"

case "${1-}" in
'' | --run) ;;
*)
    echo "usage: $0 [--run]" >&2
    exit 2
    ;;
esac

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# compile TARGET KERNELS MARCH: the kernels and the harness as objects in $folder/KERNELS.
compile() {
    mkdir -p "$folder/$2"
    set -- "$1" "$2" "$3" \
        -target "$1" -O -wmo -Xfrontend -disable-stack-protector -parse-as-library -swift-version 6 -package-name ferry \
        -enable-experimental-feature Embedded -enable-experimental-feature Lifetimes \
        -enable-upcoming-feature InternalImportsByDefault \
        -enable-upcoming-feature MemberImportVisibility -I "$folder/$2" \
        -I "$engine/../C/CPrefetch/include"
    kernels=$2
    march=$3
    shift 3
    "$swiftc" "$@" -module-name KernelInterface -emit-module \
        -emit-module-path "$folder/$kernels/KernelInterface.swiftmodule" \
        -c "$engine/KernelInterface/"*.swift -o "$folder/$kernels/KernelInterface.o"
    "$swiftc" "$@" ${march:+-Xcc "$march"} -module-name "$kernels" \
        -c "$engine/KernelBodies/"*.swift "$engine/$kernels/Target.swift" \
        "$harness/KernelBits.swift" -o "$folder/$kernels/Kernels.o"
}

# link TARGET KERNELS: the program $folder/KERNELS/bits.
link() {
    "$clang" --target="$1" -O1 -ffreestanding -fno-stack-protector -fno-pic -fno-math-errno \
        -Wall -Wextra -Werror -c "$harness/start.c" -o "$folder/$2/start.o"
    "$lld" -static --gc-sections -o "$folder/$2/bits" "$folder/$2/"*.o
}

compile aarch64-none-none-elf NEONKernels ''

# The instructions of each kernel that must be fused and sixteen lanes wide.
"$objdump" -d --no-show-raw-insn "$folder/NEONKernels/Kernels.o" >"$folder/listing"
for kernel in convolve multiply denseFloat32 denseVector sumFourVectors scaleChannels \
    normalizeAcrossChannels winogradInput winogradOutput; do
    count=$(awk -v name="${#kernel}$kernel" '
        /^[0-9a-f]+ </ { inside = index($0, "NEONKernels" name) }
        inside && /\tfmla(\.4s)?\tv|\tfmla\.4s/ { n++ }
        END { print n + 0 }' "$folder/listing")
    if [ "$count" -lt 4 ]; then
        echo "aarch64: $kernel: expected at least 4 fmla on four lanes, found $count" >&2
        exit 1
    fi
    echo "aarch64: $kernel: $count fmla on four lanes"
done

# Functions of one number are computed in float64, two lanes to a register.
count=$(awk '
    /^[0-9a-f]+ </ { inside = index($0, "NEONKernels13applyFunction") }
    inside && /\tfdiv(\.2d\tv|\tv[0-9]+\.2d)/ { n++ }
    END { print n + 0 }' "$folder/listing")
if [ "$count" -lt 4 ]; then
    echo "aarch64: applyFunction: expected at least 4 fdiv on two lanes, found $count" >&2
    exit 1
fi
echo "aarch64: applyFunction: $count fdiv on two lanes"

[ "${1-}" = --run ] || exit 0

host=$(uname -m)
case "$host" in
aarch64 | arm64)
    echo 'aarch64: bits not compared: there is no x86-64 set on this machine to compare with'
    exit 0
    ;;
esac
qemu=$(command -v qemu-aarch64 || command -v qemu-aarch64-static || true)
if [ "$(uname -s)" != Linux ] || [ -z "$qemu" ]; then
    echo 'aarch64: bits not compared: qemu-aarch64 is missing (Debian: apt-get install qemu-user)'
    exit 0
fi

link aarch64-none-none-elf NEONKernels
"$qemu" "$folder/NEONKernels/bits" >"$folder/neon"

# against KERNELS MARCH
against() {
    compile x86_64-unknown-linux-gnu "$1" "-march=$2"
    link x86_64-unknown-linux-gnu "$1"
    "$folder/$1/bits" >"$folder/x86"
    if ! diff "$folder/x86" "$folder/neon" >"$folder/difference"; then
        echo "aarch64: expected the bits of $1, found others (<: $1, >: NEONKernels):" >&2
        cat "$folder/difference" >&2
        exit 1
    fi
    echo "aarch64: NEONKernels and $1 agree in every bit of $(grep -c . "$folder/neon") cases"
}
if ! grep -qw avx2 /proc/cpuinfo; then
    echo 'aarch64: bits not compared: this processor has no AVX2'
    exit 0
fi
against AVX2Kernels x86-64-v3
if grep -qw avx512vl /proc/cpuinfo; then against AVX512Kernels x86-64-v4; fi
