#!/bin/sh
# Makes the Python environment that the fixtures are generated with; with --tensorflow also the one
# of tf_keras. Nothing is done where the pinned versions are installed already.
set -eu
cd "$(dirname "$0")"

# usage: make_environment FOLDER REQUIREMENTS [REQUIREMENTS-WITHOUT-DEPENDENCIES]
make_environment() {
    venv=$1
    if cat "$2" ${3-} | cmp -s - "$venv/requirements.txt"; then return; fi
    [ -x "$venv/bin/python" ] || python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet -r "$2"
    [ -z "${3-}" ] || "$venv/bin/pip" install --quiet --no-deps -r "$3"
    cat "$2" ${3-} > "$venv/requirements.txt"
}

make_environment .venv requirements.txt requirements-nodeps.txt
if [ "${1-}" = --tensorflow ]; then
    make_environment .venv-tensorflow requirements-tensorflow.txt requirements-tensorflow-nodeps.txt
fi
