"""The table: printed row by row, kept between runs, and written as Markdown."""

import dataclasses
import hashlib
import json
import subprocess
from pathlib import Path

import cv2

from dialects import cases, libraries
from dialects.proof import Cell

ROOT = Path(__file__).resolve().parent.parent
KEPT = ROOT / ".dialects.json"
PAGE = ROOT.parent / "DIALECTS.md"
WIDTHS = (19, 49)  # of a network's and a source's name


class Table:
    """All rows that this binary has proven, in this run and in earlier ones."""

    def __init__(self, ferry, columns, sources, versions):
        self.columns, self.sources, self.versions = columns, sources, versions
        stamp = hashlib.sha256(Path(ferry).read_bytes()).hexdigest()
        self.kept = json.loads(KEPT.read_text()) if KEPT.exists() else {}
        if self.kept.get("stamp") != stamp:
            self.kept = {"stamp": stamp, "rows": {}}
        self.made = self.failed = 0
        titles = [c.name for c in columns]
        print(*(t.ljust(w) for t, w in zip(("NETWORK", "SOURCE"), WIDTHS)), *titles, sep="  ")

    def add(self, network, source, cells):
        self.kept["rows"][f"{network} {source}"] = {
            name: dataclasses.asdict(cell) for name, cell in cells.items()}  # fmt: skip
        KEPT.write_text(json.dumps(self.kept))
        self.made += len(cells)
        words = [word(cell).ljust(len(name)) for name, cell in cells.items()]
        start = [t.ljust(w) for t, w in zip((network, source), WIDTHS)]
        print(*start, *words, sep="  ", flush=True)
        said = {}
        for name, cell in cells.items():
            if cell.failed:
                self.failed += 1
                said.setdefault(cell.failed, []).append(name)
        for failure, names in said.items():
            print(f"    {', '.join(names)}: {failure[:500]}")

    def finish(self):
        """Writes the page; the exit status."""
        missing = self.write()
        print(f"\n{self.made - self.failed} cells hold, {self.failed} failed")
        if missing:
            print(f"{missing} rows are not in {PAGE.name} yet")
        return 1 if self.failed or not self.made else 0

    # ------------------------------------------------------------------ Markdown

    def write(self):
        notes, missing, body = {}, 0, []
        for network in cases.NAMES:
            case = cases.Case(network)
            body += [f"\n## {network}\n", line("source", "told", *(c.name for c in self.columns)),
                     line(*["---"] * (2 + len(self.columns)))]  # fmt: skip
            for source in self.sources:
                row = self.kept["rows"].get(f"{network} {source.name}")
                if row is None:
                    missing += 1
                    continue
                told = " ".join(source.options(case)) if not source.lacks(case) else ""
                texts = [marked(Cell(**row[c.name]), notes) for c in self.columns]
                body.append(line(source.name, f"`{told}`" if told else "", *texts))
        rows = self.kept["rows"].values()
        cells = [Cell(**cell) for row in rows for cell in row.values()]
        PAGE.write_text("\n".join([*self.head(cells), *body, *legend(notes), ""]))
        return missing

    def head(self, cells):
        failed = sum(cell.failed is not None for cell in cells)
        proven = sum(cell.share is not None and cell.impossible is None for cell in cells)
        one_way = sum(cell.share is not None and cell.impossible is not None for cell in cells)
        largest = max((cell.share for cell in cells if cell.share is not None), default=0)
        versions = ", ".join(f"{name} {number}" for name, number in self.versions.items())
        opened = [f"{c.name}: {', '.join(x.name for x in c.libraries)}" for c in self.columns]
        return [
            "# Every dialect into every other", "",
            f"Made by `make dialects` with Ferry {commit()}; {versions}.", "",
            f"**{len(cells)} cells: {proven} carried there and back, {one_way} one way and"
            f" {len(cells) - proven - one_way - failed} impossible for the reason noted,"
            f" {failed} failed.** "
            f"The largest error is {largest:.0%} of the pass line.", "",
            "A source is written by its own framework from seeded weights (Keras 0 and 1 by h5py),"
            " carried by Ferry into the destination, opened and run there by the framework that"
            " the destination is meant for, and carried back by Ferry. A percentage says that both"
            " ways hold: it is the largest error of the destination's outputs against those of the"
            " source's framework, as a share of 1e-4·|ref| + 1e-5·max|ref|; and all tensors that"
            " came back, read by the source's own library, are the source's bit for bit. Caffe's"
            " files, which Ferry only reads, are written field by field after caffe.proto and"
            " opened by OpenCV; there the destination's tensors, read by its own library, are the"
            " source's bit for bit.", "",
            f"The networks have distinct weights everywhere. vgg16_bn_narrow's ε is"
            f" {cases.EPSILON}, no framework's default, its statistics are seeded too, and every"
            f" num_batches_tracked is {cases.BATCHES}. *Folded* exports have the normalisations"
            " fused into convolutions. *Told* is what Ferry is told because the file does not say"
            " it. On the way back Ferry is told nothing.", "",
            f"Opened by: {'; '.join(opened)}. State dicts are loaded into PyTorch's network"
            " strictly, ONNX files pass `onnx.checker` with `full_check`. For float64 ONNX Runtime"
            " has no convolution: there `onnx.reference` answers. Networks of 16-bit weights are run"
            " in float32, which holds these exactly. Of Caffe's local responses OpenCV ignores `k`:"
            " there PyTorch answers for it. Local responses, op layers in"
            " Keras 3 and a function in tf_keras, are opened by the one Keras that has them, and"
            " tf_keras' come back as Keras 3's.",
        ]  # fmt: skip


def word(cell):
    if cell.failed:
        return "FAILED"
    if cell.share is None:
        return "-"
    return f"{cell.share:.0%}{' *' if cell.impossible else ''}"


def marked(cell, notes):
    if cell.failed:
        return "**failed**"
    share = "–" if cell.share is None else f"{cell.share * 100:.0f} %"
    if cell.impossible is None:
        return share
    letter = notes.setdefault(cell.impossible, chr(ord("a") + len(notes)))
    return f"{share} <sup>{letter}</sup>"


def legend(notes):
    rows = [f"- <sup>{letter}</sup> {reason}" for reason, letter in notes.items()]
    return ["\n## Impossible, and why\n", *rows] if rows else []


def line(*cells):
    return f"| {' | '.join(cells)} |"


def commit():
    """The commit of the sources, and whether they have changed since."""
    def git(*words):
        done = subprocess.run(["git", "-C", ROOT, *words], capture_output=True, text=True)
        return done.stdout.strip()

    changed = git("status", "--porcelain", "--", "../../Sources", "../../Package.swift")
    return git("rev-parse", "--short=12", "HEAD") + (", changed" if changed else "")


def versions(keras3, tf_keras):
    others = {"OpenCV": cv2.__version__, "Keras": keras3.version(), "tf_keras": tf_keras.version()}
    return libraries.versions() | others
