"""RESULTS.md: the machine, tables, and sections that each command replaces whole."""

import importlib.metadata
import os
import platform
import re
import subprocess
import time
from datetime import datetime, timezone
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "Benchmarks" / "RESULTS.md"
HEAD = """# Results

Every section is written by the command it names, never by hand.
"""
# A larger share of the processors in other hands spoils a measurement.
QUIET = 0.1
ORDER = ["peers", "accuracy", "float64", "cost-curve"]


def table(header, rows, align="l"):
    """A Markdown table whose columns line up; `align` has l or r a column, the last repeated."""
    cells = [header] + [[str(cell) for cell in row] for row in rows]
    align = align + align[-1] * (len(header) - len(align))
    widths = [max(3, *(len(row[i]) for row in cells)) for i in range(len(header))]
    pads = [str.ljust if side == "l" else str.rjust for side in align]
    rule = ["-" * width if side == "l" else "-" * (width - 1) + ":"
            for side, width in zip(align, widths)]

    def line(row):
        return "| " + " | ".join(p(c, w) for p, c, w in zip(pads, row, widths)) + " |"

    return "\n".join([line(cells[0]), line(rule)] + [line(row) for row in cells[1:]])


def milliseconds(value):
    return f"{value:.4f}" if value < 1 else f"{value:.2f}" if value < 100 else f"{value:.1f}"


def interpolated(goal, gflops):
    """A goal for half-rate (118 GFLOP/s a core) and full-rate machines (250), between the two."""
    full, half = goal
    share = min(max((gflops - 118) / (250 - 118), 0), 1)
    return half + (full - half) * share


# The machine


def processor():
    found = {}
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        found.setdefault(name.strip(), value.strip())
    name = found.get("model name", platform.machine())
    if "cpu family" in found:
        name += f" (family {found['cpu family']}, model {found['model']})"
    return name


def version(package):
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "missing"


def commit():
    def git(*words):
        return subprocess.run(
            ["git", "-C", ROOT, *words], capture_output=True, text=True, check=True).stdout

    try:
        changed = [line for line in git("status", "--porcelain").splitlines()
                   if not line.endswith("Benchmarks/RESULTS.md")]
        return git("rev-parse", "HEAD").strip()[:12] + (
            " with uncommitted changes" if changed else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def disturbance(seconds=2):
    """The share of all processors' time that others use while this process sleeps."""
    def read():
        fields = [int(word) for word in Path("/proc/stat").read_text().split("\n")[0].split()[1:]]
        # Idle, waiting for a disk; all but the guests' share, which is counted twice.
        return fields[3] + fields[4], sum(fields[:8])

    idle, total = read()
    time.sleep(seconds)
    idle, total = (after - before for after, before in zip(read(), (idle, total)))
    return max(0, 1 - idle / max(total, 1))


def surroundings(packages, before, peaks=None):
    """The list that heads a section; `before` is the disturbance before anything was run."""
    after = disturbance()
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    lines = [
        f"{datetime.now(timezone.utc):%Y-%m-%d %H:%M} UTC, commit {commit()}",
        f"{processor()}, {os.cpu_count()} cores, {memory:.0f} GiB, Linux {platform.release()}",
    ]
    if peaks:
        lines.append(peaks)
    versions = [f"Python {platform.python_version()}"]
    versions += [f"{name} {version(name)}" for name in packages]
    busy = "; busy: not to be relied on" if max(before, after) > QUIET else ""
    lines += [
        ", ".join(versions),
        f"other programs' share of the processors: {before:.0%} before, {after:.0%} after{busy}"]
    return "\n".join(f"- {line}" for line in lines)


# Sections


def replace(name, text, path=RESULTS):
    """Puts `text` in the place of the section `name`, or where it belongs."""
    old = path.read_text() if path.exists() else HEAD
    pattern = r"<!-- begin: ([\w-]+) -->\n(.*?)\n<!-- end: \1 -->\n"
    sections = {match[1]: match[2] for match in re.finditer(pattern, old, re.DOTALL)}
    sections[name] = text
    parts = [HEAD] + [
        f"<!-- begin: {each} -->\n{sections[each]}\n<!-- end: {each} -->\n"
        for each in ORDER if each in sections]
    fresh = path.with_suffix(".tmp")
    fresh.write_text("\n".join(parts))
    fresh.replace(path)
