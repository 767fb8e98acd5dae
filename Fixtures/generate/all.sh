#!/bin/sh
# Makes every fixture again, then their checksums. Called by `make fixtures`.
# The trained LeNets keep their weights; `lenet.py --train` trains them anew.
set -eu
cd "$(dirname "$0")"
./setup.sh --tensorflow
labels=../../Sources/Tool/FerryCommands/Resources/imagenet_categories.txt
mkdir -p "$(dirname "$labels")"
for script in recipe fullsize lenet lenet5_1998 narrow checkpoints operators local_response small_exports keras_export pictures picture_formats augment keras_models keras_old caffe_models; do
    echo "== $script"
    .venv/bin/python "$script.py"
done
echo "== prove_protocols --goldens"
.venv/bin/python prove_protocols.py --goldens
echo "== keras_trained"
.venv/bin/python keras_trained.py keras3
.venv-tensorflow/bin/python keras_trained.py tf_keras
.venv/bin/python imagenet_labels.py > "$labels"
./checksums.sh
