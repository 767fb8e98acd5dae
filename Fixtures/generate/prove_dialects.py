"""Every dialect that Ferry reads against every one that it writes, on small networks of each family.

    python prove_dialects.py --ferry BINARY [--network NAME…] [--source WORDS…]

A source is written by its framework from seeded weights, carried by Ferry into each destination,
opened and run there by the framework that the destination is meant for, and carried back. Outputs
must be within 1e-4 |ref| + 1e-5 max|ref| of what the source's framework answers; weights that came
back must be the source's bit for bit, both read by the source's own library. Prints the table,
writes Fixtures/DIALECTS.md, and exits with 1 if a cell failed. Rows that the same binary has
proven in an earlier run stay on the page, so it can be made piece by piece.
"""

import argparse
import os
import shutil
import sys
import tempfile
import warnings
from pathlib import Path

import torch

import networks
from dialects import cases, destinations, proof, report, sources
from dialects.keras_side import KerasSide
from dialects.remote import Remote


def row(ferry, case, source, columns, scratch):
    """destination -> cell"""
    if lacking := source.lacks(case):
        return {c.name: proof.Cell(impossible=lacking) for c in columns}
    shutil.rmtree(scratch, ignore_errors=True)
    (scratch / "source").mkdir(parents=True)
    path = scratch / "source" / f"{case.name}{source.ending}"
    try:
        source.make(case, path)
        proven = proof.Proof(ferry, case, source, path)
    except Exception as error:
        text = f"its framework: {type(error).__name__}: {' '.join(str(error).split())}"
        return {c.name: proof.Cell(failed=text) for c in columns}
    cells = {}
    for column in columns:
        folder = scratch / column.name.replace(" ", "_")
        folder.mkdir()
        cells[column.name] = proven.cell(column, folder)
    return cells


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ferry", required=True, help="the ferry binary")
    parser.add_argument("--network", nargs="*", default=cases.NAMES, choices=cases.NAMES)
    parser.add_argument("--source", nargs="*", default=[""], help="only sources with these words")
    parser.add_argument("--keep", type=Path, help="a folder for the files on the way")
    options = parser.parse_args()
    ferry = os.path.abspath(options.ferry)
    if not os.access(ferry, os.X_OK):
        parser.error(f"cannot run {options.ferry}")
    torch.set_num_threads(2)
    warnings.filterwarnings("ignore")
    keras3, tf_keras = KerasSide(networks.keras), Remote()
    columns = destinations.destinations(keras3, tf_keras)
    known = sources.sources(keras3, tf_keras)
    rows = [s for s in known if any(words in s.name for words in options.source)]
    table = report.Table(ferry, columns, known, report.versions(keras3, tf_keras))
    with tempfile.TemporaryDirectory() as temporary:
        scratch = (options.keep or Path(temporary)).resolve()
        for name in options.network:
            case = cases.Case(name)
            for source in rows:
                folder = scratch / name / source.name.replace(" ", "_")
                table.add(name, source.name, row(proof.Ferry(ferry), case, source, columns, folder))
    tf_keras.close()
    return table.finish()


if __name__ == "__main__":
    sys.exit(main())
