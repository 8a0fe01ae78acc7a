"""The console that grades are printed on."""

from __future__ import annotations

import os
import subprocess
import sys

PRINTS = """
import sys
from harness.reports.console import Printer
console = Printer(file=sys.stdout)
for line in range(3):
    console.print(line)
print("and not by the console")
sys.exit(7)
"""


def test_nobody_has_to_read_to_the_end() -> None:
    """As under `| head`: the process goes on in silence, and its exit code is its own."""
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(  # noqa: S603 (our own lines)
        [sys.executable, "-c", PRINTS], stdout=writing, stderr=subprocess.PIPE, check=False, text=True
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (7, "")
