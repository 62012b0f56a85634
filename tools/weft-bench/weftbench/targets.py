# SPDX-License-Identifier: MIT
"""Whether weft reached what it must."""


def verdict(case, weft):
    """"met", "missed", or "": there is no target."""
    if case.target is None:
        return ""
    reached = weft.good and weft.min <= case.target and all(
        weft.notes.get(name, 0) <= most for name, most in case.note_targets.items())
    return "met" if reached else "missed"


def summary(verdicts):
    judged = [word for word in verdicts if word]
    return f"\n{judged.count('met')} of {len(judged)} targets met" if judged else ""
