#!/bin/sh
# Builds with the flags that every target of the Makefile shares, so that none rebuilds what another
# has built. Arguments go to `swift build`.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
. "$root/Scripts/toolchain.sh"
exec "$swift" build --package-path "$root" -c release "$@"
