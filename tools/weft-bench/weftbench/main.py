# SPDX-License-Identifier: MIT
"""weft-bench: what is measured, in which order, and what is said about it."""
import os
import signal
import subprocess
import sys

from .cases import CASES
from .jsonlines import JsonLines
from .machine import describe
from .measure import Measure
from .options import PROGRAM, parse
from .plot import plot
from .programs import PEERS, Programs
from .progress import Progress
from .table import Table
from .targets import summary, verdict


def main(words, build):
    """The exit status."""
    options = parse(words)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # and so the program that runs is ended
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")
    try:
        return obey(options, build)
    except KeyboardInterrupt:
        complain("interrupted")
        return 130
    except BrokenPipeError:  # whoever read has seen enough
        status = 0
    except OSError as error:
        complain(f"standard output: {error.strerror}")
        status = 1
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # else Python tries once more
    return status


def obey(options, build):
    status = 0
    if options.list:
        print("\n".join(case.name for case in CASES))
    elif options.machine:
        print(describe(build, options.cpu))
    else:
        status = measure(options, build)
    sys.stdout.flush()
    return status


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
        print(summary(verdict(case, rows) for case, rows in results.items()))
    remark(results, [who for who in PEERS if options.peers and who not in peers])
    drawn = draw(results, options.plot, judged)
    failed = any(row.failed for rows in results.values() for row in rows)
    return 1 if failed or not drawn else 0


def draw(results, path, judged):
    """False if a plot was asked for and there is none."""
    try:
        if path:
            plot(results, path, judged)
    except (OSError, subprocess.CalledProcessError) as error:
        complain(f"--plot: {error}")
        return False
    return True


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
