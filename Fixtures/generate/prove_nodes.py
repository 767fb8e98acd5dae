"""Proves, outside Ferry, that its operators mean what ONNX's own node tests say.

    python prove_nodes.py --ferry PATH_TO_BINARY [--only TEXT] [--failures]

The cases are generated from onnx.backend.test.case (the wheel ships no data for
them) into a temporary folder, run through `ferry run`, and compared at the case's
own tolerances. A case counts when every operator in its model is one that Ferry
declares; cases of functions spelled out in other operators (…_expanded) among them.
Tensors travel as .npy, or as .pb where NumPy has no such elements. Prints a table by
operator, and each failure with its reason. Exits with 1 when less than 95 % of all
cases pass.
"""

import argparse
import collections
import re
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper
from onnx.backend.test.case.node import collect_testcases

SOURCE = Path(__file__).resolve().parents[2] / "Sources/Core/IR/OperatorRegistry.swift"
# Why a case may fail, by its name.
REASONS = {
    r"test_equal_string": "strings are no weights or activations; Ferry carries none",
    r"test_identity_(opt|sequence)": "optionals and sequences are no tensors",
    r"test_training_dropout": "the case wants NumPy's random numbers, which the standard does not",
    r"test_cast.*_to_FLOAT4E2M1": "NaN becomes 6 in the standard's table, −0 in the case",
}
Row = collections.namedtuple("Row", "name operator problem")


def declared():
    """The operators in Ferry's table."""
    return set(re.findall(r"^ {8}(\w+)\.self,$", SOURCE.read_text(), re.M))


def operators(graph):
    """Types of all nodes, those of branches and bodies too; None for another domain's."""
    found = set()
    for node in graph.node:
        found.add(node.op_type if node.domain in ("", "ai.onnx") else None)
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.GRAPH:
                found |= operators(attribute.g)
    return found


def subject(case):
    """The operator a case is about: the only one of its model, or the expanded function's."""
    types = operators(case.model.graph)
    if len(types) == 1:
        return types.pop()
    return "in several operators"


def run(binary, case, folder):
    """What is wrong with Ferry's answer; None when it is right."""
    model = folder / "model.onnx"
    onnx.save(case.model, model)
    graph = case.model.graph
    for inputs, outputs in case.data_sets:
        words = [binary, "run", model, "--force"]
        for index, (declaration, value) in enumerate(zip(graph.input, inputs)):
            words += ["--input", f"{declaration.name}={save(value, folder / f'input_{index}')}"]
        paths = []
        for index, (declaration, value) in enumerate(zip(graph.output, outputs)):
            paths.append((folder / f"output_{index}").with_suffix(suffix(plain(value))))
            words += ["--output", f"{declaration.name}={paths[-1]}"]
        try:
            done = subprocess.run(words, capture_output=True, text=True, timeout=60)
        except subprocess.TimeoutExpired:
            return "no answer in 60 s"
        if done.returncode:
            return done.stderr.strip().replace(str(folder) + "/", "").split("\n")[-1]
        for index, (path, expected) in enumerate(zip(paths, outputs)):
            problem = difference(load(path), plain(expected), case)
            if problem:
                return f"output {index}: {problem}"
    return None


def plain(value):
    """A case's tensor as an array; its elements may be ml_dtypes'."""
    if isinstance(value, onnx.TensorProto):
        value = numpy_helper.to_array(value)
    array = np.asarray(value)
    if array.dtype.kind == "O":
        kind = "optionals or sequences" if value is None or isinstance(value, list) else "strings"
        raise ValueError(kind)
    return array


def suffix(array):
    return ".npy" if array.dtype.kind in "biuf" and array.dtype.isbuiltin == 1 else ".pb"


def save(value, stem):
    array = plain(value)
    path = stem.with_suffix(suffix(array))
    if path.suffix == ".npy":
        np.save(path, array, allow_pickle=False)
    else:
        path.write_bytes(numpy_helper.from_array(array, stem.name).SerializeToString())
    return path


def load(path):
    if path.suffix == ".npy":
        return np.load(path)
    return numpy_helper.to_array(onnx.TensorProto.FromString(path.read_bytes()))


def difference(found, expected, case):
    if found.dtype != expected.dtype or found.shape != expected.shape:
        return f"{found.dtype} {found.shape} for {expected.dtype} {expected.shape}"
    if suffix(expected) == ".pb":
        # Elements of few bits agree or do not; NaN has many codes.
        found, expected = found.astype(np.float64), expected.astype(np.float64)
    try:
        np.testing.assert_allclose(found, expected, rtol=case.rtol, atol=case.atol)
    except AssertionError as error:
        return " ".join(str(error).split())[:160]
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--ferry", required=True, type=Path)
    parser.add_argument("--only", default="", help="part of the names of the cases to run")
    parser.add_argument("--failures", action="store_true", help="print no table")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    known = declared()
    rows = []
    for case in collect_testcases(None):
        if arguments.only in case.name and operators(case.model.graph) <= known:
            with tempfile.TemporaryDirectory() as folder:
                try:
                    problem = run(arguments.ferry, case, Path(folder))
                except (ValueError, TypeError) as error:
                    problem = f"no tensor of numbers: {error}"
            rows.append(Row(case.name, subject(case), problem))
    report(rows, known, arguments.failures)
    passed = sum(row.problem is None for row in rows)
    sys.exit(0 if passed >= 0.95 * len(rows) else 1)


def report(rows, known, failures_only):
    counts = collections.Counter(row.operator for row in rows)
    passed = collections.Counter(row.operator for row in rows if row.problem is None)
    if not failures_only:
        for operator in sorted(counts):
            print(f"{operator:24} {passed[operator]:4} of {counts[operator]:4}")
        without = sorted(known - set(counts))
        print(f"operators without a case of their own: {', '.join(without) or 'none'}")
    for row in sorted(rows):
        if row.problem is not None:
            reasons = [text for name, text in REASONS.items() if re.match(name, row.name)]
            print(f"FAILED {row.name}: {row.problem}\n    reason: {'; '.join(reasons) or 'NONE'}")
    total = sum(row.problem is None for row in rows)
    share = 100 * total / max(len(rows), 1)
    print(f"{len(known)} operators: {total} of {len(rows)} cases pass, {share:.1f} %")


if __name__ == "__main__":
    main()
