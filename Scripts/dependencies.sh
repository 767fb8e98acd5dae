#!/bin/sh
# Makes sure the libraries Ferry is built on are here: libprotobuf-c, libhdf5, libjpeg-turbo, libpng,
# zlib, libcrypto.
#
# On Debian and Ubuntu what is missing is installed; on other systems the script says what to
# install. When nothing is missing it needs no network and no rights.
#
# usage: Scripts/dependencies.sh            libraries to build and test with
#        Scripts/dependencies.sh --protos   protoc-c too, for `make protos` and `make check`
set -eu

case "${1-}" in
'' | --protos) ;;
*)
    echo "usage: $0 [--protos]" >&2
    exit 2
    ;;
esac

# Whether pkg-config finds the library NAME that Package.swift asks for.
has() { command -v pkg-config >/dev/null 2>&1 && pkg-config --exists "$1" 2>/dev/null; }

missing() {
    command -v pkg-config >/dev/null 2>&1 || echo pkg-config
    has libprotobuf-c || echo libprotobuf-c-dev
    has hdf5 || echo libhdf5-dev
    # On either system the package that stands for libjpeg-turbo's libjpeg.
    has libjpeg || echo libjpeg-dev
    has libpng || echo libpng-dev
    has zlib || echo zlib1g-dev
    has libcrypto || echo libssl-dev
    if [ "${1-}" = --protos ]; then
        command -v protoc-c >/dev/null 2>&1 || echo protobuf-c-compiler
    fi
}

packages=$(missing "$@" | tr '\n' ' ')
[ -n "$packages" ] || exit 0

case "$(uname -s)" in
Darwin)
    echo 'expected libraries that are missing; install them with:' >&2
    echo '    brew install pkgconf protobuf-c hdf5 jpeg-turbo libpng zlib openssl@3' >&2
    exit 1
    ;;
esac
if ! command -v apt-get >/dev/null 2>&1; then
    echo 'expected libraries that are missing; install the development packages of' >&2
    echo '    pkg-config, protobuf-c, HDF5, libjpeg-turbo, libpng, zlib, OpenSSL' >&2
    exit 1
fi

as_root=
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null 2>&1; then
        echo "expected libraries that are missing; as root: apt-get install $packages" >&2
        exit 1
    fi
    as_root=sudo
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
echo "installing $packages" >&2
# $packages is a list of words.
# shellcheck disable=SC2086
install() {
    $as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -q --no-install-recommends $packages >"$log" 2>&1
}
# Without lists of packages, or with old ones, the first attempt fails.
if ! install && ! { $as_root apt-get update -q >"$log" 2>&1 && install; }; then
    tail -n 20 "$log" >&2
    echo "expected apt-get to install $packages, but it failed (its last words are above);" >&2
    echo 'install them by hand and start again' >&2
    exit 1
fi

rest=$(missing "$@" | tr '\n' ' ')
if [ -n "$rest" ]; then
    echo "expected pkg-config to find what $rest bring, but it does not" >&2
    exit 1
fi
