#!/bin/sh
# Writes Fixtures/SHA256SUMS. Check with: cd Fixtures && sha256sum -c --quiet SHA256SUMS
set -eu
cd "$(dirname "$0")/.."
find . \( -type f -o -type l \) ! -path './generate/.venv*' ! -name .dialects.json ! -path '*/__pycache__/*' ! -name SHA256SUMS ! -name .DS_Store \
    | sed 's|^\./||' | LC_ALL=C sort | tr '\n' '\0' | xargs -0 sha256sum > SHA256SUMS
