"""The console that grades are printed on."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from harness.reports.console import Printer

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_nobody_has_to_read_to_the_end(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As under `| head`: nothing is raised, and what others print on the same output goes nowhere."""
    reading, writing = os.pipe()
    os.close(reading)
    with (tmp_path / "output").open("w") as output, os.fdopen(writing, "w") as pipe:
        monkeypatch.setattr(sys, "stdout", output)
        console = Printer(file=pipe)
        for line in ("first", "second"):
            console.print(line)
        output.write("not by the console")
        output.flush()
        os.dup2(output.fileno(), pipe.fileno())  # so that its end is quiet, too
    assert console.quiet
    assert not (tmp_path / "output").read_text()
