# SPDX-License-Identifier: MIT
"""Runs one program, pinned to a processor, and reads the samples that it prints."""
import os
import signal
import subprocess
from dataclasses import dataclass
from typing import Dict

CANNOT_STATUS = 77
LIMIT_SECONDS = 60  # of each sample, and of what comes before the first: a hang is a failure


@dataclass(frozen=True)
class Sample:
    ops: int
    ns: int
    checksum: int
    notes: Dict[str, int]


class Trouble(Exception):
    """A program gave no samples; cannot: it said itself that the case is none for it."""

    def __init__(self, reason, cannot=False):
        super().__init__(reason)
        self.cannot = cannot


def run_program(command, case, cpu, environment):
    """The samples of one run. Raises Trouble."""
    if not command:
        raise Trouble("its program is not built")
    limit = LIMIT_SECONDS * (case.samples + 1)
    try:
        done = subprocess.run([*command, str(case.size), str(case.samples)],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              errors="replace", timeout=limit, env=environment,
                              preexec_fn=lambda: os.sched_setaffinity(0, {cpu}))
    except subprocess.TimeoutExpired:
        raise Trouble(f"no end after {limit:g} s") from None
    except (OSError, subprocess.SubprocessError) as error:
        raise Trouble(f"cannot be run: {error}") from None
    if done.returncode != 0:
        raise _trouble(done.returncode, done.stderr.strip())
    samples = [_sample(line) for line in done.stdout.splitlines()]
    if not samples:
        raise Trouble("printed no sample")
    return samples


def _trouble(status, said):
    reason = " ".join(said.splitlines()[-1:])  # its last words
    if status == CANNOT_STATUS:
        return Trouble(reason or "gave no reason", cannot=True)
    how = f"killed by {_signal(-status)}" if status < 0 else f"exit status {status}"
    return Trouble(f"{how}: {reason}" if reason else how)


def _signal(number):
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"  # a real-time one


def _sample(line):
    """OPS NANOSECONDS CHECKSUM [name=value ...]"""
    try:
        ops, ns, checksum, *notes = line.split()
        pairs = (note.split("=") for note in notes)
        sample = Sample(int(ops), int(ns), int(checksum), {name: int(n) for name, n in pairs})
        if sample.ops > 0 and sample.ns > 0:
            return sample
    except ValueError:
        pass
    raise Trouble(f"printed what is no sample: {line!r}")
