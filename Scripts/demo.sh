#!/bin/sh
# Shows that Ferry works: builds it, carries a trained LeNet-5 and a full-size VGG-16 through three
# kinds of files, proves that nothing changed, and runs both. One line a step; the first failure
# ends it, with the command's output.
#
# usage: Scripts/demo.sh
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
fixtures="$root/Fixtures"
demo="$root/Demo"
mkdir -p "$demo"
log="$demo/last-step.log"
# Half a gigabyte each: nothing to leave behind.
trap 'find "$demo" -type f -size +100000k -exec rm -f {} +' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Milliseconds, or whole seconds of them where date knows no better.
now() {
    stamp=$(date +%s%N)
    case $stamp in
    *N) echo "${stamp%N}000" ;;
    *) echo "${stamp%??????}" ;;
    esac
}

# seconds SINCE: elapsed time as text.
seconds() {
    elapsed=$(($(now) - $1))
    printf '%d.%02d s' $((elapsed / 1000)) $((elapsed % 1000 / 10))
}

# step TEXT COMMAND…: runs the command, whose exit status decides.
step() {
    text=$1
    shift
    begin=$(now)
    if "$@" >"$log" 2>&1; then
        printf 'ok      %9s  %s\n' "$(seconds "$begin")" "$text"
    else
        status=$?
        printf 'FAILED  %9s  %s\n' "$(seconds "$begin")" "$text"
        printf 'command (exit status %d): %s\n' "$status" "$*"
        cat "$log"
        exit 1
    fi
}

build() {
    "$root/Scripts/dependencies.sh" && "$root/Scripts/build.sh" --product ferry
}

# Classifies every digit; the label is in the picture's name, INDEX_LABEL.png.
digits() {
    "$ferry" run lenet5.onnx "$fixtures/images/digits/"*.png --json >digits.json || return
    awk '
        /"picture"/ { label = $0; sub(/^.*_/, "", label); sub(/\.png.*$/, "", label); first = 1 }
        first && /"index"/ {
            guess = $0
            gsub(/[^0-9]/, "", guess)
            all++
            right += guess == label
            if (guess != label) print "a " label " is taken for a " guess
            first = 0
        }
        END { print right + 0 " of " all + 0 " right"; exit !(all == 20 && right == all) }
    ' digits.json
}

# A file without its last bytes must be refused as bad input, with exit status 3.
refuse_cut_file() {
    head -c 200000 "$fixtures/models/lenet5/lenet5.onnx" >cut.onnx
    status=0
    "$ferry" inspect cut.onnx || status=$?
    [ "$status" -eq 3 ]
}

start=$(now)
step 'build, optimised' build
ferry="$("$root/Scripts/build.sh" --show-bin-path)/ferry"
cd "$demo"

echo 'LeNet-5, trained on handwritten digits in PyTorch'
lenet="$fixtures/models/lenet5"
step 'ONNX → Keras weights in HDF5' \
    "$ferry" convert "$lenet/lenet5.onnx" lenet5.h5 --to keras-weights-h5 --force
step 'Keras weights in HDF5 → ONNX' "$ferry" convert lenet5.h5 lenet5.onnx --force
step 'same weights and outputs as the original' \
    "$ferry" verify lenet5.onnx "$lenet/lenet5.onnx"
step "same outputs as PyTorch's" "$ferry" verify lenet5.onnx --fixture "$lenet/golden"
step '20 of 20 unseen digits recognised' digits
step 'a cut file is refused' refuse_cut_file

echo 'VGG-16, full size, seeded weights (528 MiB)'
step 'made' "$ferry" init vgg16 -o vgg16.onnx --seed 1 --force
step 'ONNX → Keras weights in HDF5' \
    "$ferry" convert vgg16.onnx vgg16.h5 --to keras-weights-h5 --force
step 'Keras weights in HDF5 → PyTorch state_dict in HDF5' \
    "$ferry" convert vgg16.h5 vgg16.state.h5 --to hdf5 --force
rm -f vgg16.h5
step 'PyTorch state_dict in HDF5 → ONNX' "$ferry" convert vgg16.state.h5 again.onnx --force
step 'same weights and outputs as the original' "$ferry" verify again.onnx vgg16.onnx
step "same outputs as torchvision's" \
    "$ferry" verify again.onnx --fixture "$fixtures/golden/vgg16_seed1"
step 'run on a photograph (seeded weights: the answer means nothing)' \
    "$ferry" run again.onnx "$fixtures/images/chelsea_444.jpg"
sed -n '/%/p' "$log" | head -n 3 | sed 's/^/                     /'

printf 'done in %s; small files are in %s\n' "$(seconds "$start")" "$demo"
