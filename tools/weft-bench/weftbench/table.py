# SPDX-License-Identifier: MIT
"""The table for people, 100 columns wide: a line for each case; with peers two, of which the second
has the ratios."""
import sys
import textwrap

from .rows import row_of
from .targets import verdict

WIDTH = 100
CELL = 7
NOTES = {"bytes_each": "bytes each", "mappings": "mappings", "peak_bytes": "bytes at most"}
COLOURS = {"met": "32", "missed": "31"}


class Table:
    def __init__(self, peers, judged):
        """judged: weft's targets count."""
        self._peers = peers
        self._judged = judged

    def head(self):
        if self._peers:
            _line("case and unit", "", ("weft", "floor"), "target", self._peers)
            _line("", "", ("median", "ratio"), "", self._under_peers("ratio"))
        else:
            _line("case and unit", "", ("min", "median", "floor", "ratio"), "target")

    def case(self, case, rows):
        weft, floor = row_of(rows, "weft"), row_of(rows, "floor")
        target = self._target(case, rows)
        median = number(weft.median) if weft.good else "-"
        ratio = times(weft, floor)
        if self._peers:
            peers = [row_of(rows, who) for who in self._peers]
            _line(case.name, case.unit, (least(weft), least(floor)), target, self._under_peers(
                *(least(row) for row in peers)))
            _line("", "", (median, ratio), "", self._under_peers(
                *(times(row, weft) for row in peers)))
        else:
            _line(case.name, case.unit, (least(weft), median, least(floor), ratio), target)
        self._notes(case, rows)

    def _target(self, case, rows):
        if not self._judged or case.target is None:
            return ""
        width = 0 if self._peers else 4  # of 100 columns the peers leave none
        return f"{case.target:<{width}g} {verdict(case, rows)}"

    def _under_peers(self, *cells):
        """The cells, as wide as what they stand under; one stands for all."""
        cells = cells * len(self._peers) if len(cells) == 1 else cells
        return [f"{cell:>{len(who)}}" for cell, who in zip(cells, self._peers)]

    def _notes(self, case, rows):
        """What the programs say besides, such as "bytes each: weft 4,233, go 2,700"."""
        good = [row for row in rows if row.good]
        for name in good[0].notes if good else ():
            text = ", ".join(f"{row.who} {row.notes[name]:,}" for row in good if name in row.notes)
            if self._judged and name in case.note_targets:
                text += f"; target {case.note_targets[name]:,}"
            print(textwrap.fill(f"{NOTES.get(name, name)}: {text}", WIDTH, initial_indent="    ",
                                subsequent_indent="        "))


def number(value):
    """Three digits, more if it is large."""
    digits = 3 if value < 1 else 2 if value < 10 else 1 if value < 100 else 0
    return f"{value:,.{digits}f}"


def least(row):
    if row is None:
        return "-"
    return number(row.min) if row.good else "FAILED" if row.failed else "cannot"


def times(row, of):
    """How many times as long."""
    if not (row and of and row.good and of.good):
        return ""
    quotient = row.min / of.min
    return f"{quotient:,.{2 if quotient < 10 else 1 if quotient < 100 else 0}f}x"


def _line(name, unit, cells, target, peers=()):
    text = f"{name:20} {unit:2}" + "".join(f"{cell:>{CELL}}" for cell in cells)
    text += " " + _painted(f"{target:10}")
    print((text + "".join(f" {cell:>{CELL - 1}}" for cell in peers)).rstrip(), flush=True)


def _painted(text):
    """The verdict in its colour, on a terminal."""
    word = text.split()[-1] if text.split() else ""
    if word not in COLOURS or not sys.stdout.isatty():
        return text
    return text.replace(word, f"\033[{COLOURS[word]}m{word}\033[m")
