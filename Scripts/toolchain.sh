# shellcheck shell=sh
# Sourced by the other scripts: where the Swift toolchain's tools are.

swift=$(command -v swift) || {
    echo 'expected swift on the path, found none: install Swift 6.2 or later (swift.org/install)' >&2
    exit 1
}
# A launcher of a version manager stands elsewhere than the tools it launches.
toolchain=$(dirname -- "$(readlink -f -- "$swift")")
if [ ! -x "$toolchain/swiftc" ]; then toolchain=$(dirname -- "$swift"); fi

# tool NAME: the toolchain's own, or else the system's.
tool() {
    if [ -x "$toolchain/$1" ]; then
        echo "$toolchain/$1"
    else
        command -v "$1" || {
            echo "expected $1 beside swift or on the path, found none" >&2
            return 1
        }
    fi
}
swiftc=$(tool swiftc)
clang=$(tool clang)
lld=$(tool ld.lld)
objdump=$(tool llvm-objdump)
nm=$(tool llvm-nm)
export swift swiftc clang lld objdump nm
