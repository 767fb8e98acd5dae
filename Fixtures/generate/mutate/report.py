"""The score: a table by kind on the terminal, and as Markdown."""

import collections
import dataclasses
import json

from mutate.mistakes import KINDS, OTHERS

LEAST_KINDS, LEAST_LAYERS, LEAST_CAUSES, LEAST_PAIRS = 40, 0.9, 0.8, 200


COLUMNS = ("is_caught", "is_bisected", "has_layer", "has_cause")


@dataclasses.dataclass
class Row:
    number: str
    words: str
    instances: int
    caught: int
    bisected: int
    layer: int
    cause: int


def rows(instances):
    """One row a kind that has instances which really differ."""
    groups = collections.defaultdict(list)
    for instance in instances:
        if instance.differs:
            groups[instance.kind].append(instance)
    found = []
    for kind, words in (KINDS | OTHERS).items():
        if group := groups.get(kind):
            found.append(Row(
                str(kind) if kind in KINDS else "–", words, len(group),
                *(sum(getattr(i, name) for i in group) for name in COLUMNS)))  # fmt: skip
    return found


@dataclasses.dataclass
class Score:
    rows: list
    pairs: list

    @property
    def kinds(self):
        return sum(row.number != "–" for row in self.rows)

    def total(self, name):
        return sum(getattr(row, name) for row in self.rows)

    def sum(self):
        names = ("instances", "caught", "bisected", "layer", "cause")
        return Row("", "all", *(self.total(name) for name in names))

    @property
    def alarms(self):
        return [pair for pair in self.pairs if pair.exit != 0]

    @property
    def holds(self):
        return (self.kinds >= LEAST_KINDS
                and self.total("caught") == self.total("instances")
                and self.total("layer") >= LEAST_LAYERS * self.total("caught")
                and self.total("cause") >= LEAST_CAUSES * self.total("layer")
                and len(self.pairs) >= LEAST_PAIRS and not self.alarms)  # fmt: skip

    def sentence(self):
        instances = self.total("instances")
        return (
            f"{self.kinds} kinds, {instances} instances that really differ:"
            f" {share(self.total('caught'), instances)} caught,"
            f" {share(self.total('layer'), self.total('caught'))} of these with the right first"
            f" layer ({share(self.total('bisected'), self.total('caught'))} by `verify --bisect`"
            f" alone), {share(self.total('cause'), self.total('layer'))} of those with the exact"
            f" cause. {len(self.alarms)} false alarms over {len(self.pairs)} correct conversions.")


def share(part, whole):
    return f"{part} ({part / whole:.1%})" if whole else "0"


def failures(instances):
    """What went wrong, one line each."""
    for i in instances:
        if not i.differs or i.has_cause:
            continue
        what = "cause" if i.has_layer else "layer" if i.is_caught else "MISSED"
        told = "; ".join(f"{layer} {cause}{'' if exact else ' ~'}"
                         for layer, cause, exact in i.findings[:4])  # fmt: skip
        yield (f"{what:6}  {i.kind!s:>2} {i.words} | {i.subject}, {i.place or i.layers[0]}"
               f" | exits {i.exits}, bisect {i.found}; expected {'/'.join(i.layers)}:"
               f" {'/'.join(i.causes)}; told {told or 'nothing'}"
               f"{'; ' + i.error if i.error else ''}")  # fmt: skip


def print_table(score):
    width = max((len(row.words) for row in score.rows), default=0)
    print(f"{'NO':>2}  {'MISTAKE':{width}}  INSTANCES  CAUGHT  BISECTED  LAYER  CAUSE")
    for row in [*score.rows, score.sum()]:
        print(f"{row.number:>2}  {row.words:{width}}  {row.instances:9}  {row.caught:6}"
              f"  {row.bisected:8}  {row.layer:5}  {row.cause:5}")  # fmt: skip


def markdown(score, versions, commit, skipped):
    lines = [
        "# Mistakes of converters, made on purpose", "",
        f"Made by `make mutate` with Ferry {commit}; {versions}.", "",
        f"**{score.sentence()}**", "",
        "Every mistake is made outside Ferry, on the protobuf of ONNX files, on HDF5 or on the"
        " tensors of safetensors, .pth and .npz files, in good models whose weights all differ. An"
        " instance counts when the model's output in float64 (`onnx.reference` with PyTorch's"
        " convolutions, PyTorch, Keras) is more than three times as far from the good model's as"
        " |out − ref| ≤ 1e-4·|ref| + 1e-5·max|ref| allows; for ONNX files, ONNX Runtime must agree."
        " Then `ferry verify MISTAKEN GOOD --layers --bisect` must end with exit 1. *Bisected*: it"
        " names a layer where the mistake begins. *Layer*: it does, or the first finding of `ferry"
        " diff`. *Cause*: a finding there has the mistake's own name and says that undoing it"
        " leaves no difference."
        " Numbers are those of a list of mistakes seen in real converters; – has none there.", "",
        "| no | mistake | instances | caught | bisected | layer | cause |",
        "| --: | --- | --: | --: | --: | --: | --: |",
        *(f"| {r.number} | {r.words} | {r.instances} | {r.caught} | {r.bisected} | {r.layer}"
          f" | {r.cause} |" for r in [*score.rows, score.sum()]), "",
        f"Of no instance, as they change no output or Ferry has no such operator: {skipped}.", "",
        "## Correct conversions", "",
        "Each pair must end `ferry verify A B` with exit 0. The last column counts those that"
        " `ferry diff`, which computes nothing, tells apart by the Softmax that only one file ends"
        " in.", "",
        "| made by | pairs | false alarms | told apart by diff |", "| --- | --: | --: | --: |",
        *(f"| {maker} | {len(group)} | {sum(p.exit != 0 for p in group)}"
          f" | {sum(p.diff != 0 for p in group)} |"
          for maker, group in by_maker(score.pairs).items()), "",
        "Keras' own exporter (on PyTorch) leaves of a normalisation a scale and a shift in place of the"
        " four tensors. Both commands compare these with what the four come to, γ/√(variance + ε) and"
        " β − mean·γ/√(variance + ε), in float64: eight roundings may lie between them.", "",
    ]  # fmt: skip
    return "\n".join(lines)


def by_maker(pairs):
    groups = collections.defaultdict(list)
    for pair in pairs:
        groups[pair.maker].append(pair)
    return dict(sorted(groups.items(), key=lambda item: -len(item[1])))


def unmade(instances):
    """The kinds without an instance that really differs."""
    made = {i.kind for i in instances if i.differs}
    return ", ".join(f"{kind} ({words})" for kind, words in KINDS.items() if kind not in made)


def write_json(path, instances, pairs):
    content = {"instances": [dataclasses.asdict(i) for i in instances],
               "pairs": [dataclasses.asdict(p) for p in pairs]}  # fmt: skip
    path.write_text(json.dumps(content, indent=1))
