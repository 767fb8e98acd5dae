#!/bin/sh
# Makes the Python environment that the fixtures are generated with.
set -eu
cd "$(dirname "$0")"
[ -x .venv/bin/python ] || python3 -m venv .venv
.venv/bin/pip install --quiet -r requirements.txt
.venv/bin/pip install --quiet --no-deps -r requirements-nodeps.txt
