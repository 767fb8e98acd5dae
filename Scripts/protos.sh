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

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

protoc-c --proto_path="$root/Protos" --c_out="$folder" onnx.proto

if [ "${1-}" = --check ]; then
    diff -u "$target/onnx.pb-c.c" "$folder/onnx.pb-c.c"
    diff -u "$target/include/onnx.pb-c.h" "$folder/onnx.pb-c.h"
else
    mkdir -p "$target/include"
    cp "$folder/onnx.pb-c.c" "$target/onnx.pb-c.c"
    cp "$folder/onnx.pb-c.h" "$target/include/onnx.pb-c.h"
fi
