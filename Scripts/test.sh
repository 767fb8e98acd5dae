#!/bin/sh
# Runs all tests, optimised. Arguments go to `swift test`: --filter NAME, --list-tests …
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
. "$root/Scripts/toolchain.sh"
# Without testable imports, which no test uses, the modules are those that `make demo` built.
exec "$swift" test --package-path "$root" -c release --disable-testable-imports --disable-xctest "$@"
