"""Mistakes of converters, made on purpose: whether Ferry catches each and names layer and cause.

    python prove_mutations.py --ferry BINARY [--kind NUMBER…] [--only mistakes|correct]

Makes mistakes seen in real converters on good models, by editing ONNX, HDF5 and tensors without
Ferry; lets PyTorch, onnx.reference and Keras decide in float64 which really differ; and asks
`ferry verify` and `ferry diff` about each. Then compares correct conversions, of which none may be
called different. Prints the table, writes Fixtures/MUTATIONS.md when all was run, and exits with 1
if the score is too low.
"""

import argparse
import logging
import os
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "torch")
warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)

import keras  # noqa: E402
import onnx  # noqa: E402
import onnxruntime  # noqa: E402
import torch  # noqa: E402

from dialects.keras_side import KerasSide  # noqa: E402
from dialects.remote import Remote  # noqa: E402
from mutate import activations, bench, config, constants, correct  # noqa: E402, F401
from mutate import files, layout, report, subjects, windows  # noqa: E402, F401

PAGE = Path(__file__).resolve().parent.parent / "MUTATIONS.md"


def make_mistakes(ferry, folder, kinds, subject_names):
    table = bench.Bench(ferry, folder, only=kinds)
    for name, make in subjects.subjects(folder):
        if subject_names and not any(words in name for words in subject_names):
            continue
        start, before = time.monotonic(), len(table.instances)
        table.run(name, make())
        made = table.instances[before:]
        print(f"{name:36} {sum(i.differs for i in made):4} of {len(made):4} mistakes"
              f" differ, {time.monotonic() - start:5.1f} s", flush=True)  # fmt: skip
    for refused in table.refused:
        print("judges differ, left out:", *refused)
    return table.instances


def compare_correct(ferry, folder):
    tf_keras = Remote()
    corrects = correct.Corrects(ferry, folder)
    correct.run(corrects, KerasSide(keras), tf_keras)
    tf_keras.close()
    for pair in corrects.pairs:
        if pair.exit:
            print(f"ALARM  {pair.maker}: {pair.name}: exit {pair.exit}: {pair.told}")
    print(f"{len(corrects.pairs)} correct conversions; left out, as a converter or Ferry refuses"
          f" them: {len(corrects.impossible)}", flush=True)  # fmt: skip
    for impossible in corrects.impossible:
        print("   ", *impossible)
    return corrects.pairs


def commit():
    def git(*words):
        done = subprocess.run(["git", "-C", PAGE.parent, *words], capture_output=True, text=True)
        return done.stdout.strip()

    changed = git("status", "--porcelain", "--", "../Sources", "../Package.swift")
    return git("rev-parse", "--short=12", "HEAD") + (", changed" if changed else "")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ferry", required=True, help="the ferry binary")
    parser.add_argument("--kind", nargs="*", help="only mistakes of these numbers")
    parser.add_argument("--subject", nargs="*", help="only models with these words in the name")
    parser.add_argument("--only", choices=("mistakes", "correct"))
    parser.add_argument("--json", type=Path, help="a file for all instances")
    options = parser.parse_args()
    ferry = bench.Ferry(os.path.abspath(options.ferry))
    if not os.access(ferry.binary, os.X_OK):
        parser.error(f"cannot run {options.ferry}")
    torch.set_num_threads(1)
    start, instances, pairs = time.monotonic(), [], []
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        if options.only != "correct":
            instances = make_mistakes(ferry, folder, options.kind, options.subject)
        if options.only != "mistakes":
            pairs = compare_correct(ferry, folder)
    score = report.Score(report.rows(instances), pairs)
    for line in report.failures(instances):
        print(line)
    report.print_table(score)
    print(f"\n{score.sentence()} {time.monotonic() - start:.0f} s.")
    if options.json:
        report.write_json(options.json, instances, pairs)
    if not (options.only or options.kind or options.subject):
        versions = (f"PyTorch {torch.__version__}, ONNX {onnx.__version__},"
                    f" ONNX Runtime {onnxruntime.__version__}, Keras {keras.__version__}")
        PAGE.write_text(report.markdown(score, versions, commit(), report.unmade(instances)))
    return 0 if score.holds or options.kind or options.only or options.subject else 1


if __name__ == "__main__":
    sys.exit(main())
