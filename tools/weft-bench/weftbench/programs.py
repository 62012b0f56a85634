# SPDX-License-Identifier: MIT
"""Who does the cases besides weft, and where each one's programs are."""
import os
import sys

from .cases import CASES

PEERS = {
    "pthreads": "POSIX threads",
    "go": "Go, package golang-go",
    "asyncio": "Python's asyncio",
    "python": "Python's generators",
    "boost": "Boost.Fiber and Boost.Coroutine2, packages libboost-fiber-dev and libboost-dev",
    "st": "State Threads, package libst-dev",
    "pth": "GNU Pth, package libpth-dev",
}
SCRIPTS = ("asyncio", "python")  # run by Python, from the source folder


class Programs:
    def __init__(self, build, context):
        self._build = build
        self._floor = "floor-ucontext" if context == "ucontext" else "floor"

    def command(self, who, text):
        """How that text's program of `who` is called, or None: there is none."""
        path = self._path(who, text)
        if not os.path.isfile(path):
            return None
        return [sys.executable, path] if who in SCRIPTS else [path]

    def has_any(self, who):
        return any(self.command(who, case.text) for case in CASES)

    def _path(self, who, text):
        if who in SCRIPTS:
            return os.path.join(self._build.source, "peers", "python", f"{who}-{text}.py")
        name = self._floor if who == "floor" else who
        return os.path.join(self._build.programs, f"{name}-{text}")
