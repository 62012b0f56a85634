# SPDX-License-Identifier: MIT
"""Says what machine and what build the numbers are of."""
import os
import platform
import subprocess


def describe(build, cpu):
    revision = _revision(build.source)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return "\n".join((
        f"weft {build.version}{f' (source at {revision})' if revision else ''}, {build.compiler}, "
        f"{build.build_type or 'no build type'}",
        f"{_processor()}, {os.cpu_count()} processors, pinned to number {cpu}, {memory:.0f} GB, "
        f"{platform.system()} {platform.release()} {platform.machine()}"))


def _processor():
    """Its model's name, and whether it is a virtual machine's."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as info:
            fields = dict(line.split(":", 1) for line in info.read().splitlines() if ":" in line)
    except OSError:
        return "unknown processor"
    fields = {name.strip(): value.strip() for name, value in fields.items()}
    virtual = " (virtual)" if "hypervisor" in fields.get("flags", "").split() else ""
    return fields.get("model name", "unknown processor") + virtual


def _revision(source):
    try:
        git = subprocess.run(["git", "-C", source, "describe", "--always", "--dirty=, changed"],
                             capture_output=True, text=True, check=True)
        return git.stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
