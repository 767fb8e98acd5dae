"""Commands whose anonymous memory is watched while they run."""

import re
import subprocess
import sys
import threading
import time
from pathlib import Path


def anonymous(process):
    try:
        text = Path(f"/proc/{process.pid}/status").read_text()
    except OSError:
        return 0
    found = re.search(r"RssAnon:\s+(\d+) kB", text)
    return int(found[1]) * 1024 if found else 0


def run(title, words):
    """Runs a command; returns the peak of its anonymous memory in bytes, looked at every 2 ms.

    A command that fails ends the script.
    """
    start = time.monotonic()
    process = subprocess.Popen(
        [str(word) for word in words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    peak, done = 0, threading.Event()

    def watch():
        nonlocal peak
        while not done.is_set():
            peak = max(peak, anonymous(process))
            time.sleep(0.002)

    watcher = threading.Thread(target=watch)
    watcher.start()
    output, errors = process.communicate()
    done.set()
    watcher.join()
    print(f"{title:34} exit {process.returncode}, {time.monotonic() - start:6.2f} s, "
          f"anonymous memory {peak / 2**20:7.1f} MiB  {errors.strip()[-120:]}", flush=True)
    if process.returncode:
        print(output[-2000:])
        sys.exit(1)
    return peak
