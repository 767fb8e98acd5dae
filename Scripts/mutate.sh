#!/bin/sh
# Makes mistakes of converters on good models, asks Ferry about each and about correct conversions,
# and writes Fixtures/MUTATIONS.md, in Python environments of pinned versions that it makes.
#
# usage: Scripts/mutate.sh [--kind NUMBER…] [--subject WORDS…] [--only mistakes|correct]
#
# FERRY names another binary than the release build. The environments need 4 GB.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
generate="$root/Fixtures/generate"
"$generate/setup.sh" --tensorflow
if [ -z "${FERRY-}" ]; then
    "$root/Scripts/build.sh" --product ferry >&2
    FERRY=$("$root/Scripts/build.sh" --show-bin-path)/ferry
fi
exec "$generate/.venv/bin/python" "$generate/prove_mutations.py" --ferry "$FERRY" "$@"
