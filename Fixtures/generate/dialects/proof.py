"""One cell of the table: there, opened by its framework, and back again."""

import dataclasses
import subprocess

from dialects import cases, libraries

NO_WAY_BACK = (
    "one way: tensors alone do not say where responses are normalised, and Ferry refuses to"
    " rebuild a network that they do not describe"
)


ONE_WAY = "one way: Caffe is read only; what arrives is the source's bit for bit"


class Failure(Exception):
    """A check that did not hold; the text says what was found."""


@dataclasses.dataclass
class Cell:
    # The largest error of any framework's outputs, as a share of the pass line.
    share: float | None = None
    # Why there is nothing to show, or no way back.
    impossible: str | None = None
    failed: str | None = None


class Ferry:
    def __init__(self, binary):
        self.binary = binary

    def convert(self, source, target, form, options):
        """None, or what Ferry refused the conversion with."""
        words = [self.binary, "convert", source, target, "--to", form, *options, "--force"]
        done = subprocess.run(
            words, cwd=source.parent, capture_output=True, text=True, timeout=120)
        if done.returncode == 0:
            return None
        said = " / ".join(done.stderr.strip().splitlines()[-2:])
        if done.returncode not in (2, 3, 4) or "read back differently" in said:
            raise Failure(f"exit {done.returncode}: {said}")
        return said


def same_weights(found, wanted):
    """Label by label and bit by bit."""
    if [label for label, _ in found] != [label for label, _ in wanted]:
        unlike = [(f, w) for (f, _), (w, _) in zip(found, wanted) if f != w]
        raise Failure(f"{len(found)} tensors came back of {len(wanted)}; {unlike[:1]}")
    for (label, a), (_, b) in zip(found, wanted):
        if a.dtype != b.dtype or a.shape != b.shape or a.tobytes() != b.tobytes():
            raise Failure(f"{label} came back as {a.dtype} {a.shape}, was {b.dtype} {b.shape}")


def same_arrays(found, wanted):
    """Bit by bit and in order, but for counters, which Caffe has none of."""
    found = [(label, array) for label, array in found if array.dtype.kind == "f"]
    if len(found) != len(wanted):
        raise Failure(f"{len(found)} tensors arrived of {len(wanted)}")
    for (label, a), b in zip(found, wanted):
        if a.dtype != b.dtype or a.shape != b.shape or a.tobytes() != b.tobytes():
            raise Failure(f"{label} arrived as {a.dtype} {a.shape}, is {b.dtype} {b.shape}")


class Proof:
    """All cells of one source and one network."""

    def __init__(self, ferry, case, source, path):
        self.ferry, self.case, self.source, self.path = ferry, case, source, path
        self.view = source.view(case)
        self.weights, self.outputs = source.original(case, path)

    def cell(self, destination, folder):
        try:
            return self.attempt(destination, folder)
        except Failure as failure:
            return Cell(failed=str(failure))
        except Exception as error:  # whatever a library refuses a file with
            return Cell(failed=f"{type(error).__name__}: {' '.join(str(error).split())}")

    def attempt(self, destination, folder):
        case, source = self.case, self.source
        there = folder / f"there{destination.ending}"
        refused = self.ferry.convert(
            self.path, there, destination.to, [*destination.options, *source.options(case)])
        if lacking := destination.lacking(case, source):
            reason, word = lacking
            if not refused or word not in refused:
                raise Failure(f"expected {word} to be refused, found {refused}")
            return Cell(impossible=reason)
        if refused:
            raise Failure(refused)
        share = max(self.open(library, there) for library in self.able(destination))
        if source.read_only:
            for library in self.able(destination):
                self.arrived(library, there)
            return Cell(share=share, impossible=ONE_WAY)
        source = source.returning(case)
        back = folder / f"back{source.ending}"
        refused = self.ferry.convert(there, back, source.to, source.back)
        if case.responds and not destination.graph:
            if not refused:
                raise Failure("came back, though nothing in it says where responses are normalised")
            return Cell(share=share, impossible=NO_WAY_BACK)
        if refused:
            raise Failure(f"back: {refused}")
        try:
            same_weights(source.library.open(back, case, self.view)[0], self.weights)
        except Exception as error:
            raise Failure(f"back: {error}") from None
        return Cell(share=share)

    def arrived(self, library, path):
        """Compares the weights of a destination with those of the source, by its own library."""
        case = self.case
        view = case.view(self.source.folded, softmax=False)
        model = libraries.filled(view, case.state() | dict(self.weights))
        same_arrays(library.open(path, case, self.view)[0], library.arranged(model))

    def able(self, destination):
        for library in destination.libraries:
            if not (self.case.responds and library.name in destination.not_for_responses):
                yield library

    def open(self, library, path):
        try:
            _, outputs = library.open(path, self.case, self.view)
            share = cases.error_share(outputs, self.outputs)
        except Exception as error:
            raise Failure(f"{library.name}: {' '.join(str(error).split())}") from None
        if share > 1:
            raise Failure(f"{library.name}: outputs {share:.1f} times what the pass line allows")
        return share
