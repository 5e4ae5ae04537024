"""Which processor this is: code for its own instructions runs on no other one."""

from __future__ import annotations

import platform
import subprocess
import sys
from functools import cache

_LINES = ("model name", "flags", "features", "cpu part", "cpu implementer", "isa")


@cache
def cpu_features() -> str:
    """A text that differs between processors with different instructions."""
    bits = f"{sys.maxsize.bit_length() + 1}bit"  # `platform.architecture` would run a program
    found = [platform.system(), platform.machine(), bits]
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            for line in file:
                name, _, value = line.partition(":")
                if name.strip().lower() in _LINES:
                    found.append(value.strip())
                elif not line.strip():
                    break  # the cores after the first
    except OSError:
        found += [platform.processor(), *_mac_features()]
    return "\n".join(found)


def _mac_features() -> list[str]:
    if platform.system() != "Darwin":
        return []
    command = ["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10)
    return [done.stdout.strip()]
