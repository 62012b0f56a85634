# SPDX-License-Identifier: MIT
"""Measures a case: all who do it take turns, so that a busy machine slows all alike, and all must
come to the same."""
import time

from .rows import Row
from .run import Trouble, run_program

SLOW_SECONDS = 4  # a run that takes longer is not repeated in all rounds,
SLOW_RUNS = 2  # but so often, unless --runs says otherwise


class Measure:
    def __init__(self, programs, options, environment):
        self._programs = programs
        self._runs = options.runs
        self._cpu = options.cpu
        self._environment = environment

    def runs(self, case):
        return self._runs or case.runs

    def case(self, case, whos, progress):
        """The rows of weft, and of all others in whos who have a program for the case."""
        commands = {who: self._programs.command(who, case.text) for who in whos}
        rows = [Row(case, who) for who in whos if commands[who] or who == "weft"]
        for turn in range(self.runs(case)):
            progress.skip(len(whos) - len(rows))
            for row in rows:
                progress.step(f"{case.name} {row.who}")
                if self._goes_on(row, turn):
                    self._run(row, commands[row.who])
        _compare(rows)
        return rows

    def _goes_on(self, row, turn):
        return not row.trouble and (self._runs or turn < SLOW_RUNS or not row.slow)

    def _run(self, row, command):
        began = time.monotonic()
        try:
            row.samples += run_program(command, row.case, self._cpu, self._environment)
        except Trouble as trouble:
            row.trouble = trouble
        row.slow = time.monotonic() - began > SLOW_SECONDS


def _compare(rows):
    """All samples must have the work and the checksum of the first row's, which is weft's."""
    first = next((row for row in rows if row.good), None)
    for row in rows:
        for sample in row.samples if row.good else ():
            due = first.samples[0]
            if (sample.ops, sample.checksum) != (due.ops, due.checksum):
                row.trouble = Trouble(f"{sample.ops} operations with checksum {sample.checksum}, "
                                      f"but {first.who} had {due.ops} with {due.checksum}")
