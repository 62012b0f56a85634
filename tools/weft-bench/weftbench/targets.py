# SPDX-License-Identifier: MIT
"""Whether weft reached what it must."""
from .rows import row_of


def verdict(case, rows):
    """"met", "missed", or "": there is no target, or no result that all agree on."""
    weft = row_of(rows, "weft")
    if case.target is None or any(row.failed for row in rows):
        return ""
    reached = weft.good and weft.min <= case.target and all(
        weft.notes.get(name, 0) <= most for name, most in case.note_targets.items())
    return "met" if reached else "missed"


def summary(verdicts):
    judged = [word for word in verdicts if word]
    return f"\n{judged.count('met')} of {len(judged)} targets met" if judged else ""
