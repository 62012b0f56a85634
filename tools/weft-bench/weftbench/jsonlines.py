# SPDX-License-Identifier: MIT
"""The rows for programs: one JSON object a line."""
import json

from .rows import row_of

DIGITS = 6


class JsonLines:
    def head(self):
        pass

    def case(self, case, rows):
        floor = row_of(rows, "floor")
        for row in rows:
            print(json.dumps(self._object(case, row, floor)), flush=True)

    def _object(self, case, row, floor):
        record = {"case": case.name, "who": row.who, "unit": case.unit}
        if row.trouble:
            return {**record, "cannot" if row.trouble.cannot else "error": str(row.trouble)}
        return {**record, "min": round(row.min, DIGITS), "median": round(row.median, DIGITS),
                "floor": round(floor.min, DIGITS) if floor and floor.good else None,
                "samples": len(row.samples), **row.notes}
