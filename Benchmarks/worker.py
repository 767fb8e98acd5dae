"""One rival in a process of its own: it computes only while it is asked to.

usage: worker.py RIVAL FOLDER INPUT.npy THREADS

Reads one JSON request a line, answers one JSON object a line:
{"do": "time", "runs": k}       one run untimed, then k: {"ms": [k times]}
{"do": "feed", "from": FILE}    another input of the same shape: {}
{"do": "output", "to": FILE}    one run: its output as .npy: {}
{"do": "peak"}                  {"kib": the largest resident size so far, VmHWM}
"""

import json
import os
import sys
from pathlib import Path
from time import perf_counter

import numpy as np

from rivals import RIVALS


def peak_kib():
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1])
    raise SystemExit("/proc/self/status: expected VmHWM")


def timed(rival, runs):
    rival.run()
    times = []
    for _ in range(runs):
        start = perf_counter()
        rival.run()
        times.append((perf_counter() - start) * 1e3)
    return times


def main(name, folder, batch, threads):
    # The runtimes may print; answers go where nothing else does.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    rival = RIVALS[name](Path(folder), np.load(batch), int(threads))

    def answer(value):
        print(json.dumps(value), file=answers, flush=True)

    answer({"ready": True})
    for line in sys.stdin:
        request = json.loads(line)
        match request["do"]:
            case "time":
                answer({"ms": timed(rival, request["runs"])})
            case "feed":
                rival.feed(np.load(request["from"]))
                answer({})
            case "output":
                rival.run()
                np.save(request["to"], rival.output())
                answer({})
            case "peak":
                answer({"kib": peak_kib()})


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    main(*sys.argv[1:])
