# SPDX-License-Identifier: MIT
"""What CMake tells the driver about the build folder it is for."""
from dataclasses import dataclass


@dataclass(frozen=True)
class Build:
    programs: str  # the folder of the programs
    source: str  # tools/weft-bench
    version: str
    compiler: str
    build_type: str
