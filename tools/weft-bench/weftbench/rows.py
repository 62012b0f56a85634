# SPDX-License-Identifier: MIT
"""A row: what one of those who do a case has come to."""
from statistics import median

from .cases import NS_PER


class Row:
    def __init__(self, case, who):
        self.case = case
        self.who = who
        self.samples = []
        self.trouble = None  # a Trouble: then the samples count for nothing
        self.slow = False  # its last run took long

    @property
    def failed(self):
        return self.trouble is not None and not self.trouble.cannot

    @property
    def good(self):
        return self.trouble is None and bool(self.samples)

    @property
    def min(self):
        return min(self._values())

    @property
    def median(self):
        return median(self._values())

    @property
    def notes(self):
        """The least of each note over the samples."""
        names = self.samples[0].notes
        return {name: min(s.notes.get(name, 0) for s in self.samples) for name in names}

    def _values(self):
        return [s.ns / s.ops / NS_PER[self.case.unit] for s in self.samples]


def row_of(rows, who):
    """The row of `who`, or None."""
    return next((row for row in rows if row.who == who), None)
