"""Runs one command and tells its duration and largest resident size.

usage: python3 -I -S measured.py COMMAND…

Kept free of imports: a child's largest size counts from its fork, so this process has to be
smaller than anything it measures. Its own standard output is the command's, then one JSON line.
"""

import os
import sys
from time import perf_counter

start = perf_counter()
child = os.spawnvp(os.P_NOWAIT, sys.argv[1], sys.argv[1:])
_, status, usage = os.wait4(child, 0)
seconds = perf_counter() - start
code = os.waitstatus_to_exitcode(status)
os.write(1, f'\n{{"seconds": {seconds}, "kib": {usage.ru_maxrss}}}\n'.encode())
sys.exit(code if code >= 0 else 128 - code)
