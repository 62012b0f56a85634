# SPDX-License-Identifier: MIT
"""The cases: which program text, at which size, how often, and what weft must reach."""
from dataclasses import dataclass, field
from typing import Dict, Optional

RUNS = 5
SAMPLES = 3
NS_PER = {"ns": 1, "ms": 1_000_000, "s": 1_000_000_000}


@dataclass(frozen=True, eq=False)
class Case:
    name: str
    text: str
    size: int
    unit: str = "ns"  # ns per operation; ms and s are the whole
    target: Optional[float] = None  # weft's minimum is to be at most this, in that unit
    note_targets: Dict[str, int] = field(default_factory=dict)  # likewise what it says besides
    runs: int = RUNS  # of each program, unless --runs says otherwise
    samples: int = SAMPLES  # of each run
    things: int = 1  # a whole is divided by, to be drawn among the others
    thing: str = ""


def _sleep(n, reserved="", **more):
    return Case(f"sleep-{n}{reserved}", "sleep" + reserved.replace("-", "_"), n, "ms", samples=1,
                things=n, thing="sleeper", **more)


def _park(n, **more):
    return Case(f"park-{n}", "park", n, "s", samples=1, things=n, thing="thread", **more)


CASES = [
    Case("yield-2", "yield", 2, target=5),
    Case("yield-1000", "yield", 1000, target=6),
    Case("yield-10000", "yield", 10000),
    Case("yield-100000", "yield", 100000, target=30),
    Case("message-8", "message", 8, target=9),
    Case("message-64", "message", 64, target=13),
    Case("roundtrip", "roundtrip", 0, target=16),
    Case("pipeline-100", "pipeline", 100, target=10),
    Case("ring-10000", "ring", 10000, target=40),
    Case("sieve-2000", "sieve", 2000, "s", target=0.05, things=2000, thing="prime"),
    Case("fanin-10000", "fanin", 10000, target=60),
    Case("select-2", "select", 2, target=15),
    Case("select-10", "select", 10, target=30),
    Case("select-100", "select", 100, target=150),
    Case("spawn-one", "spawn_one", 0, target=25),
    Case("spawn-100000", "spawn_many", 100000, target=10),
    _sleep(10000, target=15),
    _sleep(10000, "-reserved", target=4),
    _sleep(1000000, runs=3),
    _park(10000),
    _park(100000),
    _park(1000000, target=1.4, note_targets={"bytes_each": 4400}, runs=3),
    Case("tree-1000000", "tree", 1000000, "s", target=0.3, runs=3, samples=1,
         note_targets={"peak_bytes": 500_000_000}, things=1000000, thing="leaf"),
    Case("generator", "generator", 0, target=8),
    Case("deadline-10000", "deadline", 10000, target=10),
    Case("deadline-1000000", "deadline", 1000000, target=30, runs=3),
]
