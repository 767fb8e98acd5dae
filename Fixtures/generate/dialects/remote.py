"""tf_keras in a process of its own, which stays alive: importing TensorFlow takes seconds."""

import json
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


class Remote:
    """A `KerasSide` in the other environment, with the same methods."""

    def __init__(self):
        python = ROOT / ".venv-tensorflow" / "bin" / "python"
        self.process = subprocess.Popen(
            [python, Path(__file__).parent / "keras_side.py"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)

    def __getattr__(self, method):
        def call(**arguments):
            print(json.dumps([method, arguments]), file=self.process.stdin, flush=True)
            line = self.process.stdout.readline()
            if not line:
                raise RuntimeError(f"tf_keras ended with {self.process.wait()}")
            answer = json.loads(line)
            if "error" in answer:
                raise RuntimeError(answer["error"])
            return answer["result"]

        return call

    def close(self):
        self.process.stdin.close()
        self.process.wait()
