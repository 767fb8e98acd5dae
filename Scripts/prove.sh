#!/bin/sh
# Proves what only the frameworks themselves can tell, in Python environments of pinned versions that
# it makes, and writes what it found to a page in Fixtures/.
#
# usage: Scripts/prove.sh dialects [--network NAME…] [--source WORDS…]
#        Scripts/prove.sh mutations [--kind NUMBER…] [--subject WORDS…] [--only mistakes|correct]
#
# dialects carries every dialect into every other (DIALECTS.md); mutations makes mistakes of
# converters on good models and asks Ferry about each, and about correct conversions (MUTATIONS.md).
# FERRY names another binary than the release build. The environments need 4 GB.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
generate="$root/Fixtures/generate"
case "${1-}" in
dialects | mutations) script="$generate/prove_$1.py" ;;
*)
    sed -n '5,6s/^# //p' "$0" >&2
    exit 2
    ;;
esac
shift
"$generate/setup.sh" --tensorflow
if [ -z "${FERRY-}" ]; then
    "$root/Scripts/build.sh" --product ferry >&2
    FERRY=$("$root/Scripts/build.sh" --show-bin-path)/ferry
fi
exec "$generate/.venv/bin/python" "$script" --ferry "$FERRY" "$@"
