"""Makes every mistake where it can be made, and asks Ferry."""

import dataclasses
import json
import subprocess

import numpy as np

from mutate import judge
from mutate.layers import Unfit
from mutate.mistakes import MISTAKES

SECONDS = 60  # for one command of Ferry


class Ferry:
    def __init__(self, binary):
        self.binary = binary

    def ask(self, command, *words):
        """Exit status and report; an empty report where Ferry prints none."""
        done = subprocess.run(
            [self.binary, command, *map(str, words), "--json"], capture_output=True, text=True,
            timeout=SECONDS)
        try:
            report = json.loads(done.stdout)
        except ValueError:
            report = {}
        if done.returncode not in (0, 1):
            report["error"] = done.stderr.strip().replace("\n", " / ")[-300:]
        return done.returncode, report


@dataclasses.dataclass
class Instance:
    """One mistake in one place of one model, and what Ferry said of it."""

    kind: int | str
    words: str
    subject: str
    place: str
    layers: tuple
    causes: tuple
    share: float  # the largest difference of outputs, in pass lines
    exits: tuple = ()
    found: str = ""  # the layer that `verify --bisect` names
    findings: tuple = ()  # (layer, cause, isExact), of diff
    error: str = ""

    @property
    def differs(self):
        return not self.share <= judge.MARGIN

    @property
    def is_caught(self):
        return self.exits[0] == 1

    @property
    def is_bisected(self):
        return self.is_caught and self.found in self.layers

    @property
    def has_layer(self):
        first = self.findings[0][0] if self.findings else None
        return self.is_bisected or self.is_caught and first in self.layers

    @property
    def has_cause(self):
        return self.has_layer and any(
            exact and cause in self.causes and layer in self.layers
            for layer, cause, exact in self.findings)


def findings(*reports):
    return tuple((f.get("layer"), f.get("cause"), bool(f.get("isExact")))
                 for report in reports for f in report.get("findings", []))  # fmt: skip


class Bench:
    def __init__(self, ferry, folder, only=None):
        self.ferry, self.folder, self.only = ferry, folder, only
        self.instances, self.refused = [], []

    def run(self, name, subject):
        self.name, self.limit = name, subject.limit
        good = self.folder / f"good{subject.store.ending}"
        subject.store.save(good)
        reference, x = subject.reference or good, self.folder / "x.npy"
        np.save(x, subject.x)
        truth = subject.judge.answer(subject.store)
        for mistake in MISTAKES:
            if self.only is None or str(mistake.kind) in self.only:
                self.make(subject, mistake, truth, reference, x)

    def make(self, subject, mistake, truth, reference, x):
        """As many instances as the limit allows that really differ; others are only counted."""
        made = 0
        for place in spread(mistake.places(subject.store)):
            if made == self.limit:
                return
            try:
                store, layers = mistake.made(subject.store, place)
                answer = subject.judge.answer(store)
            except Unfit as error:
                if "ONNX Runtime differs" in str(error):
                    self.refused.append((self.name, mistake.kind, place, str(error)))
                continue
            share = judge.share(answer, truth)
            layers += tuple(subject.names[name] for name in layers if name in subject.names)
            instance = Instance(mistake.kind, mistake.words, self.name, place, layers,
                                tuple(mistake.causes), share)  # fmt: skip
            self.instances.append(instance)
            if not instance.differs:
                continue
            made += 1
            path = self.folder / f"mistaken{store.ending}"
            store.save(path)
            self.ask(instance, path, reference, x, subject.options)

    def ask(self, instance, path, reference, x, options):
        verified, report = self.ferry.ask(
            "verify", path, reference, "--input", x, "--layers", "--bisect", *options)
        differs, other = self.ferry.ask("diff", path, reference, *options)
        instance.exits = (verified, differs)
        instance.found = (report.get("bisection") or {}).get("layer")
        instance.findings = findings(other, report)
        instance.error = " / ".join(r["error"] for r in (report, other) if "error" in r)


def spread(places):
    """First, last, middle and so on, so that few instances lie far apart."""
    places = list(places)
    order = []
    while places:
        order.append(places.pop(0))
        if places:
            order.append(places.pop())
        places = places[len(places) // 2 :] + places[: len(places) // 2]
    return order
