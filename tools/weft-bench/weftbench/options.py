# SPDX-License-Identifier: MIT
"""The command line."""
import argparse
import difflib
import fnmatch
import os
import shutil
import sys

from .cases import CASES

PROGRAM = "weft-bench"
EPILOG = """\
Each case prints what one operation takes, in nanoseconds, or the whole, in ms or s: the minimum
and the median over all samples, of which a run takes some. floor is the same work by a minimal
program without guarantees, in the same run; ratio is weft's minimum over the floor's. With --peers
it is the peer's over weft's. All that do a case take turns, must come to the same checksum, and are
pinned to one processor. With peers, all cases take half an hour. A target is what weft's makers set
themselves, by measurements on another machine: it is met or missed, and either is no failure.

Exit status: 0: all is well; 1: a program failed or came to another checksum; 2: called wrongly."""


def parse(words):
    """The options. Exits with status 2 if they are wrong."""
    parser = argparse.ArgumentParser(
        prog=PROGRAM, usage="%(prog)s [CASE...] [OPTION...]", epilog=EPILOG,
        description="Measures weft, beside the floor and beside its peers.",
        formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False)
    add = parser.add_argument
    add("cases", nargs="*", metavar="CASE", help="what to measure, such as ring-10000 or 'yield-*'"
        " (default: all, which takes minutes and 5 GB)")
    add("--list", action="store_true", help="print the names of the cases, and end")
    add("--machine", action="store_true", help="print what machine and build this is, and end")
    add("--runs", type=_runs, metavar="N", help="run each program N times (default: 5, fewer where "
        "one takes seconds)")
    add("--peers", action="store_true", help="measure the peers too")
    add("--json", action="store_true", help="print one JSON object a line")
    add("--plot", type=_svg, metavar="FILE.svg", help="draw the result too, by gnuplot")
    add("--context", choices=("registers", "ucontext"), help="how weft switches threads, and the "
        "floor with it (default: as weft chooses)")
    add("--cpu", type=_cpu, metavar="N", default=max(os.sched_getaffinity(0)),
        help="the processor to run on (default: the last allowed one, %(default)s)")
    options = parser.parse_args(words)
    options.cases = _cases(options.cases) if options.cases else CASES
    return options


def _is_number(word):
    return word.isascii() and word.isdecimal()


def _runs(word):
    if not _is_number(word) or int(word) == 0:
        raise argparse.ArgumentTypeError(f"it takes a whole number from 1 on, not '{word}'")
    return int(word)


def _cpu(word):
    allowed = sorted(os.sched_getaffinity(0))
    if not _is_number(word) or int(word) not in allowed:
        raise argparse.ArgumentTypeError(
            f"it takes one of the processors {', '.join(map(str, allowed))}, not '{word}'")
    return int(word)


def _svg(path):
    if not path.endswith(".svg") or os.path.basename(path) == ".svg":
        raise argparse.ArgumentTypeError(f"it takes a file called something.svg, not '{path}'")
    try:
        with open(path, "a", encoding="utf-8"):
            pass
    except OSError as error:
        raise argparse.ArgumentTypeError(f"'{path}' cannot be written: {error.strerror}") from None
    if not shutil.which("gnuplot"):
        raise argparse.ArgumentTypeError("it needs gnuplot: apt-get install gnuplot-nox")
    return path


def _cases(patterns):
    """The cases that the patterns name, in the order of the list."""
    names = [case.name for case in CASES]
    chosen = set()
    for pattern in patterns:
        found = fnmatch.filter(names, pattern)
        if not found:
            near = difflib.get_close_matches(pattern, names, n=3)
            hint = " or ".join(near) or "--list, which names them all"
            print(f"{PROGRAM}: there is no case '{pattern}'; try {hint}", file=sys.stderr)
            sys.exit(2)
        chosen.update(found)
    return [case for case in CASES if case.name in chosen]
