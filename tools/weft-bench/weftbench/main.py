# SPDX-License-Identifier: MIT
"""weft-bench: what is measured, in which order, and what is said about it."""
import os
import sys

from .cases import CASES
from .jsonlines import JsonLines
from .machine import describe
from .measure import Measure
from .options import PROGRAM, parse
from .plot import plot
from .programs import PEERS, Programs
from .progress import Progress
from .rows import row_of
from .table import Table
from .targets import summary, verdict


def main(words, build):
    """The exit status."""
    options = parse(words)
    try:
        if options.list:
            print("\n".join(case.name for case in CASES))
        elif options.machine:
            print(describe(build, options.cpu))
        else:
            return measure(options, build)
    except KeyboardInterrupt:
        complain("interrupted")
        return 130
    except BrokenPipeError:  # whoever read has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def measure(options, build):
    programs = Programs(build, options.context)
    peers = [who for who in PEERS if options.peers and programs.has_any(who)]
    whos = ["weft", "floor", *peers]
    meter = Measure(programs, options, environment(options.context))
    judged = options.context != "ucontext"
    output = JsonLines() if options.json else Table(peers, judged)

    if not options.json:
        print(describe(build, options.cpu) + "\n")
    output.head()
    progress = Progress(len(whos) * sum(meter.runs(case) for case in options.cases))
    results = {}
    try:
        for case in options.cases:
            results[case] = meter.case(case, whos, progress)
            progress.clear()
            output.case(case, results[case])
    finally:
        progress.clear()
    if judged and not options.json:
        print(summary(verdict(case, row_of(rows, "weft")) for case, rows in results.items()))
    remark(results, [who for who in PEERS if options.peers and who not in peers])
    if options.plot:
        plot(results, options.plot, judged)
    return 1 if any(row.failed for rows in results.values() for row in rows) else 0


def environment(context):
    """The programs' own: the clock is real, and how weft switches is as asked for."""
    variables = {name: value for name, value in os.environ.items()
                 if name not in ("WEFT_CLOCK", "WEFT_CONTEXT")}
    return {**variables, "WEFT_CONTEXT": context} if context else variables


def remark(results, missing):
    """What went wrong, and what is not there."""
    for case, rows in results.items():
        for row in rows:
            if row.trouble:
                word = "cannot" if row.trouble.cannot else "FAILED"
                complain(f"{case.name}: {row.who} {word}: {row.trouble}")
    for who in missing:
        complain(f"skipped: {who} ({PEERS[who]}): its programs are not built")


def complain(text):
    print(f"{PROGRAM}: {text}", file=sys.stderr)
