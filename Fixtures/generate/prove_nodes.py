"""Proves, outside Ferry, that its operators mean what ONNX's own node tests say.

    python prove_nodes.py --ferry PATH_TO_BINARY [--only TEXT] [--failures]

The cases are generated from onnx.backend.test.case (the wheel ships no data for
them) into a temporary folder, run through `ferry run`, and compared at the case's
own tolerances. A case counts when every operator in its model is one that Ferry
declares; cases of functions spelled out in other operators (…_expanded) among them.
Prints a table by operator and each failure with its reason, and counts twice: all
cases, and those whose tensors Ferry has element types for (it has none for 2-, 4- and
8-bit floats and packed integers, nor for sequences). Exits with 1 when less than 95 %
of the latter pass.
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
Row = collections.namedtuple("Row", "name operator problem is_carried")
TYPES = {
    getattr(onnx.TensorProto, name)
    for name in "FLOAT DOUBLE FLOAT16 BFLOAT16 BOOL INT8 INT16 INT32 INT64 UINT8 UINT16 UINT32 "
    "UINT64".split()
}


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


def is_carried(graph):
    """Whether Ferry has element types for the inputs and outputs."""
    return all(
        value.type.HasField("tensor_type") and value.type.tensor_type.elem_type in TYPES
        for value in [*graph.input, *graph.output])


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
        for declaration, array in zip(graph.input, inputs):
            path = folder / f"input_{len(words)}.npy"
            np.save(path, plain(array), allow_pickle=False)
            words += ["--input", f"{declaration.name}={path}"]
        for index, declaration in enumerate(graph.output):
            words += ["--output", f"{declaration.name}={folder / f'output_{index}.npy'}"]
        if not graph.input:
            return "a model without inputs"
        try:
            done = subprocess.run(words, capture_output=True, text=True, timeout=60)
        except subprocess.TimeoutExpired:
            return "no answer in 60 s"
        if done.returncode:
            return done.stderr.strip().replace(str(folder) + "/", "").split("\n")[-1]
        for index, expected in enumerate(outputs):
            found = np.load(folder / f"output_{index}.npy")
            problem = difference(found, plain(expected), case)
            if problem:
                return f"output {index}: {problem}"
    return None


def plain(value):
    """A case's tensor as NumPy has it."""
    if isinstance(value, onnx.TensorProto):
        value = numpy_helper.to_array(value)
    array = np.asarray(value)
    if array.dtype.kind not in "biuf" or not array.dtype.isbuiltin:
        raise ValueError(f"{array.dtype} elements")
    return array


def difference(found, expected, case):
    if found.dtype != expected.dtype or found.shape != expected.shape:
        return f"{found.dtype} {found.shape} for {expected.dtype} {expected.shape}"
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
                    problem = f"no NumPy file holds it: {error}"
            rows.append(Row(case.name, subject(case), problem, is_carried(case.model.graph)))
    report(rows, known, arguments.failures)
    carried = [row for row in rows if row.is_carried]
    passed = sum(row.problem is None for row in carried)
    sys.exit(0 if passed >= 0.95 * len(carried) else 1)


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
            print(f"FAILED {row.name}: {row.problem}")
    carried = [row for row in rows if row.is_carried]
    for title, some in (("all cases", rows), ("of element types Ferry has", carried)):
        total = sum(row.problem is None for row in some)
        share = 100 * total / max(len(some), 1)
        print(f"{len(known)} operators, {title}: {total} of {len(some)} pass, {share:.1f} %")


if __name__ == "__main__":
    main()
