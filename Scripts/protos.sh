#!/bin/sh
# Generates the C messages of Sources/C/COnnx from Protos/onnx.proto with protoc-c 1.4.
#
# usage: Scripts/protos.sh            regenerate
#        Scripts/protos.sh --check    fail when the committed files differ from what protoc-c writes
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
target="$root/Sources/C/COnnx"

case "${1-}" in
'' | --check) ;;
*)
    echo "usage: $0 [--check]" >&2
    exit 2
    ;;
esac

if ! version=$(protoc-c --version 2>/dev/null); then
    echo 'expected protoc-c on the path, found none (Debian: apt-get install protobuf-c-compiler)' >&2
    exit 1
fi
case "$version" in
'protobuf-c 1.4.'*) ;;
*)
    # Another release writes the same messages in other words.
    if [ "${1-}" = --check ]; then
        echo "protos: not compared: the files are protoc-c 1.4's, here is $(echo "$version" | head -n 1)"
        exit 0
    fi
    echo "expected protoc-c 1.4, found $(echo "$version" | head -n 1)" >&2
    exit 1
    ;;
esac

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

protoc-c --proto_path="$root/Protos" --c_out="$folder" onnx.proto

if [ "${1-}" = --check ]; then
    diff -u "$target/onnx.pb-c.c" "$folder/onnx.pb-c.c"
    diff -u "$target/include/onnx.pb-c.h" "$folder/onnx.pb-c.h"
    echo 'protos: the generated files are those of Protos/onnx.proto'
else
    mkdir -p "$target/include"
    cp "$folder/onnx.pb-c.c" "$target/onnx.pb-c.c"
    cp "$folder/onnx.pb-c.h" "$target/include/onnx.pb-c.h"
fi
