# SPDX-License-Identifier: MIT
"""Draws the results by gnuplot: a line for each case, on it a mark for each of those who did it, at
the nanoseconds that it took; logarithmic, since they lie far apart."""
import subprocess

from .cases import NS_PER
from .rows import row_of
from .table import number

# who: gnuplot's point type, its size, its colour; in the order of the legend.
MARKS = {
    "weft": (7, 1.4, "#d40000"),
    "floor": (2, 0.8, "#000000"),
    "st": (5, 0.8, "#009e73"),
    "boost": (13, 1.1, "#0072b2"),
    "pth": (9, 0.9, "#cc79a7"),
    "pthreads": (5, 0.9, "#8c8c8c"),
    "go": (7, 0.9, "#56b4e9"),
    "asyncio": (9, 1.0, "#e69f00"),
    "python": (11, 1.0, "#e69f00"),
}
UNITS = (("s", 1e9), ("ms", 1e6), ("µs", 1e3), ("ns", 1))
LINE_PIXELS = 24
OTHER_PIXELS = 110  # the title above, the axis below
TICK_HALF = 0.36  # of a line's height

SETTINGS = """\
set encoding utf8
set terminal svg size 1000,{height} dynamic font 'sans-serif,13' background '#ffffff'
set title 'What one operation takes: the least of all runs' offset 0,1
set key at graph 0,1 left bottom horizontal reverse Left samplen 0.5 width -1 maxrows 1
set lmargin 28
set rmargin 10
set tmargin 4
set border 1 lc '#a0a0a0'
set logscale x
set xtics nomirror scale 0.5 ({ticks}) textcolor '#404040'
set grid xtics lt 1 lc '#e4e4e4'
set yrange [{lines}:-1]
set y2range [{lines}:-1]
set ytics ({names}) scale 0 nomirror textcolor '#000000'
set y2tics ({values}) scale 0 textcolor '{weft_colour}'
"""


def plot(results, path, judged):
    """Writes an SVG file. judged: weft's targets count."""
    drawn = [(case, rows) for case, rows in results.items() if any(row.good for row in rows)]
    if not drawn:
        return
    done = subprocess.run(["gnuplot"], input=_script(drawn, judged), stdout=subprocess.PIPE,
                          check=True, encoding="utf-8")
    with open(path, "w", encoding="utf-8") as file:
        file.write(done.stdout)


def _script(results, judged):
    points = {"range": [_range(case, rows, y) for y, (case, rows) in enumerate(results)],
              "target": [(_each(case, case.target), y) for y, (case, _) in enumerate(results)
                         if case.target and judged],
              **{who: _points(results, who) for who in MARKS}}
    points = {name: those for name, those in points.items() if those}
    blocks = "".join(_block(name, those) for name, those in points.items())
    return _settings(results) + blocks + "plot " + ", ".join(_curves(points)) + "\n"


def _settings(results):
    names = ", ".join(f"'{_label(case)}' {y}" for y, (case, _) in enumerate(results))
    values = ", ".join(f"'{_value(case, row_of(rows, 'weft'))}' {y}"
                       for y, (case, rows) in enumerate(results))
    ticks = ", ".join(f"'{_ns(10 ** power)}' 1e{power}" for power in range(10))
    return SETTINGS.format(height=len(results) * LINE_PIXELS + OTHER_PIXELS, lines=len(results),
                           names=names, values=values, ticks=ticks, weft_colour=MARKS["weft"][2])


def _curves(points):
    """Thin lines that tie the marks of a case together, upright ones at the targets, the marks: the
    peers' lowest, then weft's, the floor's on top; and the legend, in its own order."""
    marks = [who for who in MARKS if who in points]
    weft = MARKS["weft"][2]
    yield "$range using 1:2:($3-$1):(0) with vectors nohead lc '#c0c0c0' lw 1 notitle"
    if "target" in points:
        yield (f"$target using 1:($2-{TICK_HALF}):(0):({2 * TICK_HALF}) with vectors nohead "
               f"lc '{weft}' lw 1 notitle")
    for who in sorted(marks, key=("weft", "floor").__contains__):
        yield f"${who} using 1:2 {_points_style(who)} notitle"
    for who in marks:
        yield f"keyentry {_points_style(who)} title '{who}'"
    if "target" in points:
        yield f"keyentry with lines lc '{weft}' lw 1 title 'target'"


def _points_style(who):
    kind, size, colour = MARKS[who]
    return f"with points pt {kind} ps {size} lw 2 lc '{colour}'"


def _block(name, points):
    lines = "".join(" ".join(map(str, point)) + "\n" for point in points)
    return f"${name} << end\n{lines}end\n"


def _points(results, who):
    rows = ((y, case, row_of(rows, who)) for y, (case, rows) in enumerate(results))
    return [(_each(case, row.min), y) for y, case, row in rows if row and row.good]


def _range(case, rows, y):
    each = [_each(case, row.min) for row in rows if row.good]
    return min(each), y, max(each)


def _each(case, value):
    """In nanoseconds; of wholes, that of one of the things that they are made of."""
    return value * NS_PER[case.unit] / case.things


def _label(case):
    return f"{case.name}, per {case.thing}" if case.thing else case.name


def _value(case, weft):
    return _ns(_each(case, weft.min)) if weft.good else ""


def _ns(ns):
    unit, size = next((unit, size) for unit, size in UNITS if ns >= size or size == 1)
    scaled = ns / size
    return f"{int(scaled)} {unit}" if scaled in (1, 10, 100) else f"{number(scaled)} {unit}"
