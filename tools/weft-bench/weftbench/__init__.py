# SPDX-License-Identifier: MIT
"""The driver of weft-bench. In reading order: build, cases, programs, run, rows, measure, targets,
table, jsonlines, plot, machine, progress, options, main; a module imports only those before it."""
