"""Times a conversion against `cp` of its source and `sync` of the copy, in turns, and watches its
memory.

    python conversion.py FERRY SOURCE DESTINATION [--runs N]

The conversion includes reading the result back, comparing it, and fsync. Anonymous memory is the
largest RssAnon that /proc showed, less what an empty run shows.
"""

import argparse
import os
import statistics
import subprocess
import time


def watched(command):
    """Seconds, and the largest RssAnon in MiB."""
    peak = 0
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None:
        try:
            with open(f"/proc/{process.pid}/status") as status:
                for line in status:
                    if line.startswith("RssAnon:"):
                        peak = max(peak, int(line.split()[1]))
        except (FileNotFoundError, ProcessLookupError):
            pass
        time.sleep(0.002)
    seconds = time.perf_counter() - start
    if process.returncode != 0:
        raise SystemExit(f"{command}: exit {process.returncode}")
    return seconds, peak / 1024


def copied(source, target):
    start = time.perf_counter()
    subprocess.run(["cp", source, target], check=True)
    subprocess.run(["sync", target], check=True)
    return time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("ferry")
    parser.add_argument("source")
    parser.add_argument("destination")
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    copy = options.destination + ".copy"
    command = [options.ferry, "convert", options.source, options.destination, "--force"]
    copies, conversions, peaks = [], [], []
    _, empty = watched([options.ferry, "--version"])
    for _ in range(options.runs):
        for path in (copy, options.destination):
            if os.path.exists(path):
                os.unlink(path)
        os.sync()
        copies.append(copied(options.source, copy))
        os.sync()
        seconds, peak = watched(command)
        conversions.append(seconds)
        peaks.append(peak - empty)
    os.unlink(copy)
    cp, ferry = statistics.median(copies), statistics.median(conversions)
    print(f"cp + sync {cp:.2f} s ({min(copies):.2f} … {max(copies):.2f})")
    print(f"ferry     {ferry:.2f} s ({min(conversions):.2f} … {max(conversions):.2f})")
    print(f"ratio {ferry / cp:.2f}, anonymous memory {max(peaks):.0f} MiB")


if __name__ == "__main__":
    main()
