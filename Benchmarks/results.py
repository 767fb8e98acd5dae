"""RESULTS.md: the machine, tables, and sections that each command replaces whole."""

import importlib.metadata
import os
import platform
import re
import subprocess
from datetime import datetime, timezone
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "Benchmarks" / "RESULTS.md"
HEAD = """# Results

Every section is written by the command it names, never by hand.
"""
ORDER = ["peers", "accuracy", "cost-curve"]


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


def load():
    """The load average when a command starts, and a word where others disturb it."""
    one = os.getloadavg()[0]
    return f"{one:.2f}" + (" (busy: not to be relied on)" if one > 1 else "")


def surroundings(packages, load, ceilings=None, kernels=None):
    """The list that heads a section."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    lines = [
        f"{datetime.now(timezone.utc):%Y-%m-%d %H:%M} UTC, commit {commit()}",
        f"{processor()}, {os.cpu_count()} cores, {memory:.0f} GiB, Linux {platform.release()}",
    ]
    if ceilings:
        lines.append(
            f"measured peaks: {ceilings['peak_gflops_per_core']:.0f} GFLOP/s a core, "
            f"{ceilings['read_gb_per_s']:.1f} GB/s read; Ferry's kernels: {kernels}")
    versions = [f"Python {platform.python_version()}"]
    versions += [f"{name} {importlib.metadata.version(name)}" for name in packages]
    lines += [", ".join(versions), f"load average at the start: {load}"]
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
