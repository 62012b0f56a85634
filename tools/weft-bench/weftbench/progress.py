# SPDX-License-Identifier: MIT
"""A bar on standard error that tells how far it is; nothing unless that is a terminal."""
import shutil
import sys
import time

WIDTH = 30


class Progress:
    def __init__(self, steps):
        self._steps = steps
        self._done = 0
        self._began = time.monotonic()
        self._shown = sys.stderr.isatty()

    def step(self, label):
        """One step begins."""
        share = self._done / max(self._steps, 1)
        bar = "#" * int(share * WIDTH)
        elapsed = time.monotonic() - self._began
        text = f"[{bar:<{WIDTH}}] {share:4.0%} {elapsed:4.0f} s  {label}"
        self._write(f"\r{text[:shutil.get_terminal_size().columns - 1]}\033[K")
        self._done += 1

    def skip(self, steps):
        self._done += steps

    def clear(self):
        self._write("\r\033[K")

    def _write(self, text):
        if self._shown:
            sys.stderr.write(text)
            sys.stderr.flush()
