# SPDX-License-Identifier: MIT
"""The driver with the programs that were built. WEFT_BENCH is its path."""
import json
import os
import subprocess
import unittest

FAST = ("yield-1000", "message-*", "roundtrip", "pipeline-100", "ring-10000", "sieve-2000",
        "fanin-10000", "select-10", "spawn-*", "sleep-10000*", "park-10000", "generator",
        "deadline-10000")


class ProgramsTest(unittest.TestCase):
    def rows(self, *words):
        done = subprocess.run([os.environ["WEFT_BENCH"], "--json", "--runs", "1", *words],
                              stdout=subprocess.PIPE, check=True)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def test_all_come_to_the_same_in_every_fast_case(self):
        rows = self.rows(*FAST)
        for row in rows:
            self.assertIn(row["who"], ("weft", "floor"))
            self.assertIn(row["unit"], ("ns", "ms", "s"))
            self.assertLessEqual(row["min"], row["median"])
            self.assertIn("floor", row)
        for row in rows:
            if row["case"].startswith("park-"):
                self.assertGreater(row["bytes_each"], 0)
                self.assertGreater(row["mappings"], 0)

    def test_likewise_on_the_portable_backend(self):
        rows = self.rows("--context", "ucontext", "message-8", "generator")
        self.assertEqual([row["case"] for row in rows if row["who"] == "weft"],
                         ["message-8", "generator"])


if __name__ == "__main__":
    unittest.main()
