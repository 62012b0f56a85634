# SPDX-License-Identifier: MIT
"""Who does the cases besides weft, and where each one's programs are."""
import os

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


class Programs:
    def __init__(self, build, context):
        self._build = build
        self._floor = "floor-ucontext" if context == "ucontext" else "floor"

    def command(self, who, text):
        """How that text's program of `who` is called, or None: there is none."""
        name = self._floor if who == "floor" else who
        path = os.path.join(self._build.programs, f"{name}-{text}")
        return [path] if os.path.isfile(path) else None

    def has_any(self, who):
        return any(self.command(who, case.text) for case in CASES)
