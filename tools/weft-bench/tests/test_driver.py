# SPDX-License-Identifier: MIT
"""The driver with made-up programs."""
import contextlib
import io
import json
import os
import stat
import sys
import tempfile
import unittest
from unittest import mock

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from weftbench import run
from weftbench.build import Build
from weftbench.main import main


class DriverTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.build = Build(programs=self.folder, source=self.folder, version="1.2.3",
                           compiler="cc 1", build_type="Release")

    def program(self, name, script):
        """A shell script in the place of a program."""
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="ascii") as file:
            file.write(f"#!/bin/sh\n{script}\n")
        os.chmod(path, stat.S_IRWXU)

    def call(self, *words):
        """Runs the driver; keeps what it printed."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                status = main(list(words), self.build)
            except SystemExit as ended:
                status = ended.code
        self.out, self.err = out.getvalue(), err.getvalue()
        return status

    def rows(self, *words):
        """The rows by who."""
        self.status = self.call("--json", "--runs", "1", *words)
        return {row["who"]: row for row in map(json.loads, self.out.splitlines())}


class ResultsTest(DriverTest):
    def test_min_and_median_are_of_all_samples_of_all_runs(self):
        self.program("weft-yield", "echo 10 500 7; echo 10 100 7; echo 10 200 7; echo 10 300 7")
        self.program("floor-yield", "echo 10 50 7")
        rows = self.rows("yield-2", "--runs", "2")
        self.assertEqual(self.status, 0)
        self.assertEqual(rows["weft"], {"case": "yield-2", "who": "weft", "unit": "ns", "min": 10,
                                        "median": 25, "floor": 5, "samples": 8})
        self.assertEqual(rows["floor"]["min"], 5)

    def test_wholes_are_in_seconds_and_notes_are_kept(self):
        self.program("weft-park", "echo 1 2500000000 7 bytes_each=4233 mappings=33")
        row = self.rows("park-10000")["weft"]
        self.assertEqual((row["unit"], row["min"]), ("s", 2.5))
        self.assertEqual((row["bytes_each"], row["mappings"]), (4233, 33))

    def test_a_program_is_given_size_and_samples_and_one_processor(self):
        self.program("weft-yield", "echo 1 $1 $2 processors=$(nproc)")
        self.program("floor-yield", "echo 1 1000 3")
        row = self.rows("yield-1000")["weft"]
        self.assertEqual((self.status, row["min"], row["processors"]), (0, 1000, 1))

    def test_the_context_chooses_how_weft_switches_and_the_floor(self):
        self.program("weft-yield", 'test "$WEFT_CONTEXT" = ucontext && echo 1 9 7')
        self.program("floor-yield", "echo 1 1 7")
        self.program("floor-ucontext-yield", "echo 1 8 7")
        self.assertEqual(self.rows("yield-2", "--context", "ucontext")["weft"]["floor"], 8)

    def test_targets_are_met_or_missed(self):
        self.program("weft-message", "test $1 = 8 && echo 1 9 7 || echo 1 14 7")
        self.assertEqual(self.call("message-8", "message-64"), 0)
        self.assertRegex(self.out, r"message-8 .* 9 +met\n")
        self.assertRegex(self.out, r"message-64 .* 13 +missed\n")
        self.assertIn("1 of 2 targets met", self.out)

    def test_a_target_for_what_is_said_besides_counts_as_well(self):
        self.program("weft-park", "echo 1 1000000000 7 bytes_each=4401 mappings=33")
        self.call("park-1000000")
        self.assertRegex(self.out, r"park-1000000 .* 1\.4 +missed\n")


class PeersTest(DriverTest):
    def setUp(self):
        super().setUp()
        self.program("weft-yield", "echo 1 10 7")
        self.program("go-yield", "echo 1 125 7")
        self.program("pth-yield", "echo too many threads >&2; exit 77")

    def test_peers_stand_beside_with_their_ratio(self):
        self.assertEqual(self.call("yield-2", "--peers"), 0)
        self.assertRegex(self.out, r"yield-2 .* 10\.0 .* 125 +cannot\n.* 10\.0 .* 12\.5x\n")
        self.assertLessEqual(max(map(len, self.out.splitlines()[3:])), 100)

    def test_who_cannot_do_a_case_is_no_failure_and_says_why(self):
        rows = self.rows("yield-2", "--peers")
        self.assertEqual(self.status, 0)
        self.assertEqual(rows["pth"]["cannot"], "too many threads")
        self.assertIn("yield-2: pth cannot: too many threads", self.err)

    def test_peers_that_are_not_built_are_named_once(self):
        self.call("yield-*", "--peers")
        self.assertEqual(self.err.count("skipped: st "), 1)
        self.assertNotIn("skipped: go", self.err)

    def test_peers_are_left_out_unless_asked_for(self):
        self.assertEqual(list(self.rows("yield-2")), ["weft"])


class FailureTest(DriverTest):
    def failure(self, script, reason):
        self.program("weft-yield", script)
        self.program("floor-yield", "echo 10 50 7")
        rows = self.rows("yield-2")
        self.assertEqual(self.status, 1)
        failed = [row for row in rows.values() if "error" in row]
        self.assertEqual(len(failed), 1)
        self.assertIn(reason, failed[0]["error"])
        self.assertIn(reason, self.err)

    def test_another_checksum(self):
        self.failure("echo 10 100 8", "checksum 7, but weft had 10 with 8")

    def test_another_amount_of_work(self):
        self.failure("echo 11 100 7", "10 operations with checksum 7, but weft had 11")

    def test_samples_of_one_program_that_differ(self):
        self.failure("echo 10 100 7; echo 10 100 6", "checksum 6, but weft had 10 with 7")

    def test_an_exit_status(self):
        self.failure("echo 10 100 7; echo no memory >&2; exit 3", "exit status 3: no memory")

    def test_a_signal(self):
        self.failure("kill -SEGV $$", "killed by SIGSEGV")

    def test_a_line_that_is_no_sample(self):
        self.failure("echo fast", "printed what is no sample: 'fast'")

    def test_nothing_printed(self):
        self.failure("", "printed no sample")

    def test_no_end(self):
        with mock.patch.object(run, "LIMIT_SECONDS", 0.05):
            self.failure("exec sleep 60", "no end after 0.2 s")

    def test_weft_not_built(self):
        self.assertIn("error", self.rows("yield-2")["weft"])
        self.assertEqual(self.status, 1)


class OptionsTest(DriverTest):
    def test_list_names_each_case_once(self):
        self.assertEqual(self.call("--list"), 0)
        names = self.out.splitlines()
        self.assertEqual(len(names), len(set(names)))
        self.assertLessEqual({"yield-2", "sleep-10000-reserved", "deadline-1000000"}, set(names))

    def test_machine_names_the_build(self):
        self.assertEqual(self.call("--machine"), 0)
        self.assertIn("weft 1.2.3, cc 1, Release", self.out)

    def test_wrong_words_are_refused_with_a_sentence(self):
        for words, sentence in (
                (["mesage-8"], "there is no case 'mesage-8'; try message-8"),
                (["x*"], "there is no case 'x*'; try --list"),
                (["--runs", "0"], "whole number from 1 on, not '0'"),
                (["--runs", "many"], "whole number from 1 on, not 'many'"),
                (["--cpu", "100000"], "one of the processors"),
                (["--context", "none"], "invalid choice: 'none'"),
                (["--plot", "plot.png"], "something.svg, not 'plot.png'")):
            with self.subTest(words):
                self.assertEqual(self.call(*words), 2)
                self.assertIn(sentence, self.err)

    def test_without_gnuplot_plot_says_what_to_install(self):
        with mock.patch("shutil.which", return_value=None):
            self.assertEqual(self.call("--plot", "plot.svg"), 2)
        self.assertIn("apt-get install gnuplot-nox", self.err)


if __name__ == "__main__":
    unittest.main()
